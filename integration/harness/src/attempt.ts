import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

/** Name of a gRPC status. */
export type StatusName = keyof typeof status;

/** One call, made once and never retried. */
export interface Attempt<Answer = unknown> {
  readonly status: StatusName;
  readonly details: string;
  readonly answers: readonly Answer[];
}

/** The end of a call that went through. */
export function succeeded<Answer>(answers: readonly Answer[] = []): Attempt<Answer> {
  return { status: 'OK', details: '', answers };
}

/** The end of a call that did not. What came before is kept. */
export function failed<Answer>(error: Pick<ServiceError, 'code' | 'details'>, answers: readonly Answer[] = []): Attempt<Answer> {
  return { status: status[error.code] as StatusName, details: error.details, answers };
}

type Callback<Answer> = (error: ServiceError | null, answer?: Answer) => void;

/** Makes a unary call. */
export function unary<Answer>(start: (callback: Callback<Answer>) => ClientUnaryCall): Promise<Attempt<Answer>> {
  return new Promise((resolve) => {
    start((error, answer) => resolve(error ? failed(error) : succeeded(answer === undefined ? [] : [answer])));
  });
}

/** Sends all requests, then waits for the one answer. */
export function clientStream<Request, Answer>(
  start: (callback: Callback<Answer>) => ClientWritableStream<Request>,
  requests: readonly Request[],
): Promise<Attempt<Answer>> {
  return new Promise((resolve) => {
    const call = start((error, answer) => resolve(error ? failed(error) : succeeded(answer === undefined ? [] : [answer])));
    for (const request of requests) {
      call.write(request);
    }
    call.end();
  });
}

/** Reads all answers. */
export function serverStream<Answer>(call: ClientReadableStream<Answer>): Promise<Attempt<Answer>> {
  return collect(call);
}

/** Sends all requests and reads all answers. */
export function bidi<Request, Answer>(
  call: ClientDuplexStream<Request, Answer>,
  requests: readonly Request[],
): Promise<Attempt<Answer>> {
  const attempt = collect(call);
  for (const request of requests) {
    call.write(request);
  }
  call.end();
  return attempt;
}

function collect<Answer>(call: ClientReadableStream<Answer>): Promise<Attempt<Answer>> {
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    call.on('data', (answer: Answer) => answers.push(answer));
    call.on('error', (error: ServiceError) => resolve(failed(error, answers)));
    call.on('end', () => resolve(succeeded(answers)));
  });
}
