// A child process of the serving bench: Express with serve-static over one directory. Called with PORT and DIRECTORY.

import express from 'express';
import serveStatic from 'serve-static';

const [, , port = '', directory = ''] = process.argv;

const app = express();
app.disable('x-powered-by');
app.use(serveStatic(directory, { dotfiles: 'allow', index: false, redirect: false }));
const server = app.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
