// The HTTP API as docs/http-api.md describes it.

import type { Report } from "../document";

export interface Model {
  name: string;
  version: string;
  family: string;
  classes: string[];
  trained_on?: { name: string; synthetic: boolean };
  metrics?: { test?: { accuracy: number; samples: number } };
}

export interface Models {
  default: string;
  models: Model[];
}

export interface Sample {
  id: string;
  class: string;
  url: string;
}

/** Problem details (RFC 9457). */
export interface Problem {
  title: string;
  status: number;
  detail: string;
}

export interface Notice {
  code: string;
  message: string;
}

export interface Guess {
  class: string;
  probability: number;
}

export interface Classified {
  class: string;
  confidence: number;
  top: Guess[];
  familiar: boolean;
  novelty: number | null;
  notices: Notice[];
  seen?: string;
}

export type Result = Classified | { error: Problem };

export interface Classification {
  model: { name: string; version: string };
  results: Result[];
  timings: { total_ms: number };
}

export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    /** What `Retry-After` says; null without it. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(problem.detail || problem.title);
  }
}

const UNREACHABLE: Problem = {
  title: "No answer",
  status: 0,
  detail: "The service does not answer. Does it still run?",
};

const UNREADABLE: Problem = {
  title: "No answer",
  status: 0,
  detail: "What the service answered broke off or is not an answer.",
};

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return {
    title: said.title ?? `Error ${response.status}`,
    status: response.status,
    detail: said.detail ?? "",
  };
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After") ?? "");
  return seconds > 0 ? seconds : null;
}

/** All functions throw ApiError. */
export class Api {
  /** Empty: none is sent. */
  token = "";

  models(): Promise<Models> {
    return this.json<Models>("/v1/models");
  }

  async samples(): Promise<Sample[]> {
    return (await this.json<{ samples: Sample[] }>("/v1/samples")).samples;
  }

  async sample(sample: Sample): Promise<Blob> {
    return (await this.request(sample.url)).blob();
  }

  report(model: string): Promise<Report> {
    return this.json<Report>(`/v1/models/${encodeURIComponent(model)}/report`);
  }

  async classify(
    pictures: { name: string; blob: Blob }[],
    model: string,
    signal: AbortSignal,
  ): Promise<Classification> {
    const form = new FormData();
    for (const { name, blob } of pictures) form.append("picture", blob, name);
    const query = new URLSearchParams({ model, top: "3", seen: "true" });
    return this.json<Classification>(`/v1/classify?${query}`, {
      method: "POST",
      body: form,
      signal,
    });
  }

  private async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.request(path, init);
    return response.json().catch((error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw new ApiError(UNREADABLE);
    }) as Promise<T>;
  }

  private async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers: HeadersInit = this.token === "" ? {} : { Authorization: `Bearer ${this.token}` };
    let response: Response;
    try {
      response = await fetch(path, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(UNREACHABLE);
    }
    if (!response.ok) throw new ApiError(await problemOf(response), retryAfter(response));
    return response;
  }
}
