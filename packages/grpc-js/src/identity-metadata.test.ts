import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { stripIdentityMetadata } from './identity-metadata.js';

test.each(['x-spiffe-id', 'X-Spiffe-Id', 'x_spiffe-id', 'x-forwarded-client-cert', 'l5d_client_id', 'dirgate-caller'])(
  '%s is removed',
  (name) => {
    const metadata = new Metadata();
    metadata.set(name, 'spiffe://home.example/admin');
    metadata.set(`${name}-bin`, Buffer.from('spiffe://home.example/admin'));
    metadata.set('x-request-id', 'kept');
    stripIdentityMetadata(metadata);
    expect(metadata.toJSON()).toEqual({ 'x-request-id': ['kept'] });
  },
);

test('what only looks like one is kept', () => {
  const metadata = new Metadata();
  for (const name of ['x-spiffe-id-hint', 'spiffe-id', 'authorization']) metadata.set(name, 'kept');
  stripIdentityMetadata(metadata);
  expect(Object.keys(metadata.toJSON())).toHaveLength(3);
});
