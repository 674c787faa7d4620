// The two pages that anyone may see: to log in, and to make the first account by the link printed at the first start. Pure.

import { document } from './html.ts';

/** The page to log in by. Its script sends the form to the API: a password is never in a URL. */
export function renderLogin(site: string): string {
  return formPage(site, {
    title: 'Log in',
    action: 'login',
    hint: '',
    submit: 'Log in',
    autocomplete: 'current-password',
  });
}

/** The page to make the first account by. The invitation stands behind the # of its address, which browsers send to nobody. */
export function renderSetup(site: string): string {
  return formPage(site, {
    title: 'Set up',
    action: 'setup',
    hint: '<p>Make the first account. It is an admin: it can add others. Ten characters or more make a password.</p>',
    submit: 'Make the account',
    autocomplete: 'new-password',
  });
}

type Form = {
  readonly title: string;
  readonly action: 'login' | 'setup';
  readonly hint: string;
  readonly submit: string;
  readonly autocomplete: string;
};

function formPage(site: string, { title, action, hint, submit, autocomplete }: Form): string {
  const main = `<section class="login"><h2>${title}</h2>${hint}
<form id="${action}">
<label>Name <input name="name" required maxlength="64" autocomplete="username" autofocus></label>
<label>Password <input name="password" type="password" required maxlength="256" autocomplete="${autocomplete}"></label>
<button>${submit}</button>
<p id="said" role="alert"></p>
</form>
<noscript><p>This page needs its script.</p></noscript>
<script src="/assets/login.js" type="module"></script></section>`;
  return document({ title, header: site, main });
}
