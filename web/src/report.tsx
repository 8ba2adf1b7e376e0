// Entry of report.js: draws the report that the page carries.

import { render } from "preact";

import { ReportPage } from "./components/report_page";
import type { Report } from "./document";

function start(): void {
  const data = document.getElementById("report-data");
  const app = document.getElementById("app");
  if (data === null || app === null) return;
  const report = JSON.parse(data.textContent ?? "") as Report;
  app.textContent = "";
  render(
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <ReportPage report={report} />
    </>,
    app,
  );
  // The browser looked for the link's target before it was there.
  if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

start();
