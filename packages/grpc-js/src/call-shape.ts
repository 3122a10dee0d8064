/** What grpc-js knows of a method. */
export interface CallShape {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** How a response goes out. */
  readonly responseSerialize: (message: unknown) => Buffer;
}
