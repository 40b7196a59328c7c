/** A chat endpoint on this machine, and a clock that does not wait. For tests. */
import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { JsonObject } from 'vlmbuild';
import type { Clock } from './clock.js';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
}

export type Told =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  /** Says nothing, ever. */
  | 'silence'
  /** Begins its reply and never ends it. */
  | 'half a reply'
  /** Hangs up. */
  | 'reset';

/** Answers requests in order of arrival, until the test is over. */
export async function serveChat(
  t: ExecutionContext,
  answer: (asked: Asked, index: number) => Told,
): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject;
      const one: Asked = { path: request.url ?? '', headers: request.headers, body };
      const told = answer(one, asked.push(one) - 1);
      if (told === 'silence') return;
      if (told === 'reset') return void request.socket.resetAndDestroy();
      if (told === 'half a reply') return void response.writeHead(200).write('{"choices": [');
      response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers });
      response.end(typeof told.body === 'string' ? told.body : JSON.stringify(told.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A chat completion that calls the tool. */
export function calling(actions: readonly unknown[], name = 'interact_many'): JsonObject {
  const call = { id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify({ actions }) } };
  return completion({ content: null, tool_calls: [call] });
}

export const completion = (message: object): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', ...message } as JsonObject, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1000, completion_tokens: 50, total_tokens: 1050 },
});

/** Time passes by being waited for. Replies come in time unless `runOut` is called. */
export class PatientClock implements Clock {
  readonly waits: number[] = [];
  private time = Date.UTC(2026, 0, 1);
  private readonly timers = new Set<() => void>();

  now(): number {
    return this.time;
  }

  random(): number {
    return 0;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waits.push(ms);
    this.time += ms;
  }

  after(_ms: number, callback: () => void): () => void {
    this.timers.add(callback);
    return () => this.timers.delete(callback);
  }

  /** What was to come in time has not. */
  runOut(): void {
    for (const callback of this.timers) callback();
  }
}
