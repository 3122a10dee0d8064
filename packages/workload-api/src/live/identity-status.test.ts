import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { WorkloadApiError } from '../workload-api-error.js';
import { StatusBoard } from './identity-status.js';

const AWAY = new WorkloadApiError('unavailable', 'away');
const DENIED = new WorkloadApiError('permission_denied', 'denied');

let now: number;
let isExpired: boolean;
let board: StatusBoard<'x509' | 'jwt'>;

function state(): string {
  return board.status().state;
}

beforeEach(() => {
  now = 1000;
  isExpired = false;
  board = new StatusBoard(
    () => now,
    SILENT_LOGGER,
    () => ({ isExpired, generation: 7, validUntil: 9 }),
  );
  board.add('x509', true);
  board.add('jwt', true);
});

test('is connecting until all that is needed is there', () => {
  expect(board.status()).toEqual({ state: 'connecting', since: 1000, generation: 7, validUntil: 9, lastError: undefined });
  board.fresh('x509');
  board.failing('jwt', AWAY);
  expect(board.status()).toMatchObject({ state: 'connecting', lastError: AWAY });
  now = 2000;
  board.fresh('jwt');
  expect(board.status()).toMatchObject({ state: 'ready', since: 2000, lastError: undefined });
});

test('does not wait for what is not needed, but watches over it once it is there', () => {
  board.add('jwt', false);
  board.fresh('x509');
  expect(state()).toBe('ready');
  board.failing('jwt', AWAY);
  expect(board.status()).toMatchObject({ state: 'ready', lastError: AWAY });
  board.fresh('jwt');
  board.failing('jwt', AWAY);
  expect(state()).toBe('stale');
  board.off('jwt');
  expect(board.status()).toMatchObject({ state: 'ready', lastError: undefined });
});

describe('once all is there', () => {
  beforeEach(() => {
    board.fresh('x509');
    board.fresh('jwt');
  });

  test('a failure makes it stale, and only what failed makes it ready again', () => {
    now = 2000;
    board.failing('x509', AWAY);
    now = 3000;
    board.failing('x509', DENIED);
    board.fresh('jwt');
    expect(board.status()).toMatchObject({ state: 'stale', since: 2000, lastError: DENIED });
    board.fresh('x509');
    expect(board.status()).toMatchObject({ state: 'ready', since: 3000, lastError: undefined });
  });

  test('withdrawn, until it is given back', () => {
    board.failing('x509', DENIED);
    board.withdrawn('x509', DENIED);
    board.failing('x509', DENIED);
    expect(board.status()).toMatchObject({ state: 'withdrawn', lastError: DENIED });
    board.fresh('x509');
    expect(state()).toBe('ready');
  });

  test('expired is worse than stale', () => {
    board.failing('x509', AWAY);
    now = 2000;
    isExpired = true;
    board.refresh();
    now = 3000;
    expect(board.status()).toMatchObject({ state: 'expired', since: 2000, lastError: AWAY });
    isExpired = false;
    board.fresh('x509');
    expect(board.status()).toMatchObject({ state: 'ready', since: 3000 });
  });

  test('tells of each, until the end', () => {
    const told = vi.fn();
    board.onChange(told);
    board.failing('jwt', AWAY);
    board.fresh('jwt');
    expect(told).toHaveBeenCalledTimes(2);
    const closed = new WorkloadApiError('closed', 'closed');
    board.end(closed);
    expect(board.status()).toMatchObject({ state: 'withdrawn', lastError: closed });
    expect(told).toHaveBeenCalledTimes(4);
    board.fresh('jwt');
    expect(told).toHaveBeenCalledTimes(4);
  });
});
