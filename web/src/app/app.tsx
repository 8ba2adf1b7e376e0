// Entry of app.js: the page that the service gives.

import { render } from "preact";

function start(): void {
  const app = document.getElementById("app");
  if (app !== null) render(<h1>Thimble</h1>, app);
}

start();
