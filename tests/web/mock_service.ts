// A service that answers as docs/http-api.md says, without a model: the page's other half in its
// tests. What a picture's name says decides what it is found to be.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import type { Report } from "../../web/src/document";
import { CLASSES } from "./fixture";
import { png } from "./png";

const SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";

const TYPES: Record<string, string> = {
  "app.html": "text/html; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "app_report.js": "text/javascript; charset=utf-8",
  "app_shared.js": "text/javascript; charset=utf-8",
};

const MODELS = ["cnn", "forest", "logistic"];

export interface MockOptions {
  /** The folder with the page's files. */
  dist: string;
  report: Report;
  token?: string;
  models?: string[];
}

interface Part {
  name: string;
  bytes: Buffer;
}

function bytesOf(dataUri: string): Buffer {
  return Buffer.from(dataUri.slice(dataUri.indexOf(",") + 1), "base64");
}

/** A light garment-like patch on black, another one for every class. */
function drawnSample(index: number): Buffer {
  return bytesOf(
    png(28, 28, (x, y) => {
      const wide = 4 + (index % 4) * 2;
      const inside = Math.abs(x - 13.5) < wide && y > 2 + (index % 3) * 3 && y < 26;
      const value = inside ? 140 + ((x * 7 + y * 5 + index * 11) % 90) : 0;
      return [value, value, value];
    }),
  );
}

/** The file parts of a multipart body. */
function partsOf(request: IncomingMessage, body: Buffer): Part[] {
  const boundary = /boundary=(.+)$/.exec(request.headers["content-type"] ?? "")?.[1] ?? "";
  const text = body.toString("latin1");
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const end = part.indexOf("\r\n\r\n");
      const encoded = /filename="([^"]*)"/.exec(part.slice(0, end))?.[1] ?? "";
      return {
        name: Buffer.from(encoded, "latin1").toString("utf8"),
        bytes: Buffer.from(part.slice(end + 4, -2), "latin1"),
      };
    });
}

function isPicture(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 12).toString("latin1");
  return /^\x89PNG|^\xff\xd8\xff|^RIFF....WEBP/s.test(start);
}

function problem(title: string, status: number, detail: string) {
  return { type: "about:blank", title, status, detail, instance: "test" };
}

/** Where a name holds a class, that one; otherwise one that its length decides. */
function classOf(name: string, model: number): number {
  const said = CLASSES.findIndex((one) => name.toLowerCase().includes(one.toLowerCase()));
  const index = said >= 0 ? said : name.length % CLASSES.length;
  return model > 0 && name.includes("torn") ? (index + model) % CLASSES.length : index;
}

function resultOf({ name, bytes }: Part, model: string) {
  if (!isPicture(bytes)) {
    const detail = `${name}: neither a PNG nor a JPEG nor a WebP file`;
    return { name, error: problem("Picture cannot be read", 422, detail) };
  }
  const number = Math.max(0, MODELS.indexOf(model));
  const index = classOf(name, number);
  const unfamiliar = name.includes("alien");
  const unsure = name.includes("unsure");
  const sure = unfamiliar ? 0.41 : unsure ? 0.48 : 0.971 - 0.03 * number;
  const probabilities = [sure, (1 - sure) * 0.6, (1 - sure) * 0.15];
  const notices = [];
  if (unfamiliar)
    notices.push({ code: "unfamiliar", message: "It looks like none of the classes." });
  if (unsure)
    notices.push({ code: "unsure", message: "The model is not sure: Shirt 48 %, Coat 31 %." });
  return {
    name,
    class: CLASSES[index],
    index,
    confidence: sure,
    top: probabilities.map((probability, i) => ({
      class: CLASSES[(index + 3 * i) % CLASSES.length],
      index: (index + 3 * i) % CLASSES.length,
      probability,
    })),
    familiar: !unfamiliar,
    novelty: unfamiliar ? 1.8 : 0.42,
    notices,
    seen: `data:image/png;base64,${drawnSample(index).toString("base64")}`,
  };
}

export class MockService {
  /** Of the pictures in each request for classes. */
  readonly batches: string[][] = [];
  /** Bytes of each picture that came. */
  readonly sizes: number[] = [];
  /** How many of the next requests for classes get 503. */
  refuse = 0;
  /** The most requests for classes at one time. */
  mostAtOnce = 0;

  private readonly server: Server;
  private atOnce = 0;

  constructor(private readonly options: MockOptions) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  /** @return  its address */
  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const json = (status: number, value: unknown, headers: Record<string, string> = {}) => {
      const type = status < 400 ? "application/json" : "application/problem+json";
      response.writeHead(status, { "Content-Type": type, ...headers });
      response.end(JSON.stringify(value));
    };
    const file = url.pathname === "/" ? "app.html" : url.pathname.slice(1);
    if (TYPES[file] !== undefined) {
      const content = await readFile(join(this.options.dist, file));
      response.writeHead(200, {
        "Content-Type": TYPES[file],
        "Content-Security-Policy": SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
      });
      response.end(content);
      return;
    }
    const { token } = this.options;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      json(401, problem("Token wanted", 401, "This service asks for a token."));
      return;
    }
    if (url.pathname === "/v1/models") json(200, this.models());
    else if (url.pathname === "/v1/samples") json(200, this.samples());
    else if (/^\/v1\/samples\/\d+\.png$/.test(url.pathname)) {
      response.writeHead(200, { "Content-Type": "image/png" });
      response.end(drawnSample(Number(/\d+(?=\.png)/.exec(url.pathname)?.[0])));
    } else if (/^\/v1\/models\/cnn\/report$/.test(url.pathname)) json(200, this.options.report);
    else if (url.pathname === "/v1/classify") {
      ++this.atOnce;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
      await this.classify(request, url, json).finally(() => --this.atOnce);
    } else json(404, problem("Not found", 404, `There is no ${url.pathname}.`));
  }

  private models() {
    const names = this.options.models ?? MODELS;
    return {
      default: names[0],
      models: names.map((name, i) => ({
        name,
        version: `3f2a91c0d8e${i}`,
        family: i === 0 ? "neural" : name,
        input: { height: 28, width: 28, channels: 1 },
        classes: CLASSES,
        trained_on: { name: "fashion-mnist", synthetic: false },
        metrics: { test: { accuracy: 0.9402 - 0.05 * i, samples: 10000 } },
      })),
    };
  }

  private samples() {
    const samples = [...CLASSES, ...CLASSES].map((name, i) => ({
      id: String(i),
      class: name,
      url: `/v1/samples/${i}.png`,
    }));
    return { samples };
  }

  private async classify(
    request: IncomingMessage,
    url: URL,
    json: (status: number, value: unknown, headers?: Record<string, string>) => void,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.refuse > 0) {
      --this.refuse;
      json(503, problem("Too busy", 503, "The queue is full."), { "Retry-After": "1" });
      return;
    }
    const parts = partsOf(request, Buffer.concat(chunks));
    this.batches.push(parts.map(({ name }) => name));
    this.sizes.push(...parts.map(({ bytes }) => bytes.length));
    const model = url.searchParams.get("model") ?? "";
    const results = parts.map((part) => resultOf(part, model));
    const [first] = results;
    if (results.every((result) => "error" in result) && "error" in first) {
      json(422, first.error);
      return;
    }
    json(200, {
      model: { name: model, version: "3f2a91c0d8e4" },
      results,
      timings: { queue_ms: 0.1, prepare_ms: 2.1, predict_ms: 0.2, total_ms: 2.6 },
    });
  }
}
