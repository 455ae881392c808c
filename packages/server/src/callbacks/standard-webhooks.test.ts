import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { standardWebhookHeaders } from './standard-webhooks.ts';

it('gives the signature of the specification’s own example', () => {
  // https://github.com/standard-webhooks/standard-webhooks: the libraries' test vector.
  const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const body = '{"test": 2432232314}';
  const expected = 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  expect(createHmac('sha256', secret).update(`${id}.1614265330.${body}`).digest('base64')).toBe(expected);
  const headers = standardWebhookHeaders(['0123456789abcdef'], { id, body }, 1_614_265_330_999);
  const own = createHmac('sha256', '0123456789abcdef').update(`${id}.1614265330.${body}`).digest('base64');
  expect(headers).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': `v1,${own}`,
  });
});

it('verifies as a receiver does that was given the whsec_ form of the secret', () => {
  const secret = 'fedcba9876543210fedcba9876543210';
  const shared = `whsec_${Buffer.from(secret).toString('base64')}`;
  const headers = standardWebhookHeaders([secret], { id: 'id-1', body: '{"ü":1}' }, 5_000);
  const key = Buffer.from(shared.slice('whsec_'.length), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.{"ü":1}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(content).digest('base64')}`);
});

it('has a signature for each secret that is valid (SEC-2)', () => {
  const message = { id: 'id-1', body: '{}' };
  const of = (...secrets: string[]) => standardWebhookHeaders(secrets, message, 5_000)['webhook-signature'];
  expect(of('new', 'old')).toBe(`${of('new')} ${of('old')}`);
});
