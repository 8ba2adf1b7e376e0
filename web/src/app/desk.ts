// The pictures on the page and what the models say about them. Asks the service in requests of
// bounded size, a few at a time.

import { ApiError, type Api, type Classified, type Problem, type Result } from "./api";
import { forgetPicture, upload, type Picture } from "./pictures";

export type Answer =
  | { state: "waiting" }
  | {
      state: "answered";
      result: Classified;
      version: string;
      /** From sending to the answer, as seen here. */
      seconds: number;
      /** Of these, in the service. */
      serviceSeconds: number;
    }
  | { state: "failed"; problem: Problem };

const WAITING: Answer = { state: "waiting" };

const MOST_PICTURES = 16;
const MOST_BYTES = 16_000_000;
const MOST_REQUESTS = 2;
const MOST_TRIES = 30;
const LONGEST_PAUSE_SECONDS = 30;

interface Question {
  picture: Picture;
  model: string;
}

interface Sent extends Question {
  blob: Blob;
}

/** Ends early when `signal` does. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, 1000 * Math.min(seconds, LONGEST_PAUSE_SECONDS));
    signal.addEventListener("abort", () => done());
  });
}

async function readable(blob: Blob): Promise<boolean> {
  return blob
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

const UNREADABLE: Problem = {
  title: "File cannot be read",
  status: 0,
  detail: "The browser cannot read this file: it may be a folder, or have been moved.",
};

export class Desk {
  pictures: Picture[] = [];

  private readonly answers = new Map<string, Answer>();
  private readonly listeners = new Set<() => void>();
  private waiting: Question[] = [];
  private running = 0;
  private paused = false;
  private abort = new AbortController();

  /** @param onTokenWanted  called when the service wants a (or another) token; then see resume() */
  constructor(
    private readonly api: Api,
    private readonly onTokenWanted: () => void,
  ) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** In the place of the pictures so far. */
  show(pictures: Picture[], models: string[]): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.waiting = [];
    this.answers.clear();
    this.pictures.forEach(forgetPicture);
    this.pictures = pictures;
    models.forEach((model) => this.ask(model));
    this.tell();
  }

  /** Sees to it that every picture has, or gets, an answer of `model`. */
  ask(model: string): void {
    for (const picture of this.pictures) {
      const known = this.answers.get(this.key(picture, model));
      if (known !== undefined && known.state !== "failed") continue;
      this.answers.set(this.key(picture, model), WAITING);
      this.waiting.push({ picture, model });
    }
    this.tell();
    this.pump();
  }

  resume(): void {
    this.paused = false;
    this.pump();
  }

  answer(picture: Picture, model: string): Answer {
    return this.answers.get(this.key(picture, model)) ?? WAITING;
  }

  private key(picture: Picture, model: string): string {
    return `${picture.id} ${model}`;
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private pump(): void {
    while (!this.paused && this.running < MOST_REQUESTS && this.waiting.length > 0) {
      ++this.running;
      void this.work(this.abort.signal).finally(() => {
        --this.running;
        this.pump();
      });
    }
  }

  /** Takes what fits into one request from the queue and asks it. */
  private async work(signal: AbortSignal): Promise<void> {
    const batch: Sent[] = [];
    let bytes = 0;
    while (batch.length < MOST_PICTURES && this.waiting.length > 0 && !signal.aborted) {
      if (batch.length > 0 && batch[0].model !== this.waiting[0].model) break;
      const question = this.waiting.shift() as Question;
      const blob = await upload(question.picture.blob);
      if (signal.aborted) return;
      if (batch.length > 0 && bytes + blob.size > MOST_BYTES) {
        this.waiting.unshift(question);
        break;
      }
      if (await readable(blob)) batch.push({ ...question, blob });
      else this.settle(question, { state: "failed", problem: UNREADABLE });
      bytes += blob.size;
    }
    if (batch.length > 0 && !signal.aborted) await this.send(batch, signal);
    if (!signal.aborted) this.tell();
  }

  private async send(batch: Sent[], signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; ++tries) {
      try {
        await this.sendOnce(batch, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        const { problem } = error;
        if (problem.status === 401) {
          this.waiting.unshift(...batch);
          this.paused = true;
          this.onTokenWanted();
          return;
        }
        if (problem.status === 503 && tries < MOST_TRIES) {
          await pause(error.retryAfterSeconds ?? 1, signal);
          if (signal.aborted) return;
          continue;
        }
        // Too much at once, or none of them a picture: one by one, each gets an answer of its own.
        if (batch.length > 1 && (problem.status === 413 || problem.status === 422)) {
          for (const one of batch) await this.send([one], signal);
          return;
        }
        for (const one of batch) this.settle(one, { state: "failed", problem });
        return;
      }
    }
  }

  private async sendOnce(batch: Sent[], signal: AbortSignal): Promise<void> {
    const start = performance.now();
    const pictures = batch.map(({ picture, blob }) => ({ name: picture.name, blob }));
    const { model, results, timings } = await this.api.classify(pictures, batch[0].model, signal);
    const seconds = (performance.now() - start) / 1000;
    batch.forEach((question, i) => {
      const result: Result = results[i];
      if ("error" in result) this.settle(question, { state: "failed", problem: result.error });
      else {
        this.settle(question, {
          state: "answered",
          result,
          version: model.version,
          seconds,
          serviceSeconds: timings.total_ms / 1000,
        });
      }
    });
    this.tell();
  }

  private settle({ picture, model }: Question, answer: Answer): void {
    this.answers.set(this.key(picture, model), answer);
  }
}
