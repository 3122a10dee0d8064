import { type JwtSvid, parseSpiffeId } from '@dirgate/spiffe';
import { status } from '@grpc/grpc-js';
import { beforeEach } from 'vitest';
import { JwtSvidCache } from '../jwt-svid/jwt-svid-cache.js';
import type { FetchedJwtSvid, JwtSvidQuestion } from '../jwt-svid/jwt-svid-response.js';
import type { JwtSnapshot } from '../updates/jwt-update.js';
import { WorkloadApiError } from '../workload-api-error.js';
import { SILENT_LOGGER } from './silent-logger.js';

export const ID = parseSpiffeId('spiffe://prod.example/a');
export const LIFE_MS = 100_000;
/** Neither a subject nor a hint is asked for. */
export const FIRST = { subject: undefined, wish: undefined };

/** A cache, the clock it reads, and the agent that it asks. */
export interface TestedTokenCache {
  now: number;
  /** What the agent was asked, in order. */
  questions: JwtSvidQuestion[];
  /** What the agent answers. */
  answer: (question: JwtSvidQuestion) => Promise<FetchedJwtSvid>;
  snapshot: JwtSnapshot | undefined;
  cache: JwtSvidCache;
  /** A token that no other question has got. */
  fresh(): FetchedJwtSvid;
  token(audience?: string | readonly string[], signal?: AbortSignal): Promise<string>;
}

/** A fresh one for each test of the file that calls this. */
export function useTokenCache(): TestedTokenCache {
  const tested: TestedTokenCache = {
    now: 0,
    questions: [],
    answer: async () => tested.fresh(),
    snapshot: undefined,
    cache: undefined as unknown as JwtSvidCache, // made before each test
    fresh: () => {
      const { now, questions } = tested;
      const svid: JwtSvid = { id: ID, token: `token ${questions.length}`, expiresAt: now + LIFE_MS, hint: '' };
      return { svid, refreshAt: now + LIFE_MS / 2 };
    },
    token: async (audience = 'a', signal) => (await tested.cache.get({ audience, ...(signal && { signal }) }, () => FIRST)).token,
  };
  beforeEach(() => {
    tested.now = 1_000_000;
    tested.questions = [];
    tested.snapshot = undefined;
    tested.answer = async () => tested.fresh();
    tested.cache = new JwtSvidCache({
      clock: () => tested.now,
      snapshot: () => tested.snapshot,
      withdrawGraceMs: 15_000,
      logger: SILENT_LOGGER,
      fetch: (question) => {
        tested.questions.push(question);
        return tested.answer(question);
      },
    });
  });
  return tested;
}

export function denied(): WorkloadApiError {
  const cause = Object.assign(new Error('denied'), { code: status.PERMISSION_DENIED, details: 'no identity issued' });
  return new WorkloadApiError('jwt_svid_unavailable', 'denied', { cause });
}
