// Sends the login or the set-up form to the API, and goes on to the page that was wanted.

const form = document.querySelector('form');
const said = document.getElementById('said');

form?.addEventListener('submit', (event) => {
  event.preventDefault();
  void send();
});

async function send() {
  const button = form.querySelector('button');
  button.disabled = true;
  said.textContent = '';
  const fields = Object.fromEntries(new FormData(form));
  const isSetup = form.id === 'setup';
  const body = isSetup ? { ...fields, invitation: location.hash.slice(1) } : fields;
  try {
    const response = await fetch(isSetup ? '/api/v1/setup' : '/api/v1/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.ok) return go();
    const problem = await response.json();
    said.textContent = [problem.detail, problem.remedy].filter(Boolean).join(' — ');
  } catch {
    said.textContent = 'The appliance does not answer.';
  } finally {
    button.disabled = false;
  }
}

function go() {
  const wanted = new URLSearchParams(location.search).get('to') ?? '/';
  // A path of this appliance and nothing else: `//elsewhere` would be another one.
  location.replace(/^\/(?![/\\])/.test(wanted) ? wanted : '/');
}
