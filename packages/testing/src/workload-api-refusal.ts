import type { status } from '@grpc/grpc-js';

/** Thrown by a backend or a fault to answer a Workload API call with a gRPC status. */
export class WorkloadApiRefusal extends Error {
  override readonly name = 'WorkloadApiRefusal';
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}
