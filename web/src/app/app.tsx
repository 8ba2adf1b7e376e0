// Entry of app.js: the page that the service gives.

import { render } from "preact";

import { App } from "./app_page";
import { stayWhenDroppedOn } from "./use_arrivals";

stayWhenDroppedOn();
const app = document.getElementById("app");
if (app !== null) render(<App />, app);
