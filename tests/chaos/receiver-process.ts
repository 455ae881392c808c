/**
 * A customer's server in a separate process: it reports received callbacks to its parent, and refuses one in three hundred.
 *
 * @module
 */

import { startCallbackReceiver } from '@gavel/testkit/callback-receiver';

const REFUSED_SHARE = 1 / 300;

const receiver = await startCallbackReceiver();
receiver.behaviour = async ({ raw, headers }) => {
  const isTaken = Math.random() >= REFUSED_SHARE;
  process.send?.({ id: headers['webhook-id'] ?? headers['rtk-uuid'], raw, isTaken });
  // Sometimes slow, so that attempts are in progress when the server is killed.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  return isTaken ? 200 : 503;
};
process.send?.({ url: receiver.url('/hook') });
process.on('disconnect', () => process.exit(0));
