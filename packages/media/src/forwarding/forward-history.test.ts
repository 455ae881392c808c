import { describe, expect, test } from 'vitest';
import { ForwardHistory, REMEMBERED_PACKETS } from './forward-history.ts';

const PACKET = {
  layer: 2,
  sourceSequence: 65_535,
  timestamp: 0xffff_fff0,
  transportSequence: 9,
  pictureId: 0x7fff,
  tl0PicIdx: 255,
  keyIdx: 31,
};

describe('ForwardHistory', () => {
  test('finds what was stored', () => {
    const history = new ForwardHistory();
    history.store(65_000, PACKET);
    expect(history.findForResend(65_000, 0, 20)).toBe(true);
    expect(history.found).toEqual(PACKET);
    expect(history.findForResend(65_001, 0, 20)).toBe(false);
  });

  test('a packet is sent again at most once per interval', () => {
    const history = new ForwardHistory();
    history.store(1, PACKET);
    expect([0, 19, 20, 30, 40].map((nowMs) => history.findForResend(1, nowMs, 20))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  test('a packet is forgotten after 1,024 others, and when its slot is used again', () => {
    const history = new ForwardHistory();
    history.store(5, PACKET);
    history.store(5 + REMEMBERED_PACKETS, PACKET);
    expect(history.findForResend(5, 0, 20)).toBe(false);
    history.clear();
    expect(history.findForResend(5 + REMEMBERED_PACKETS, 0, 20)).toBe(false);
  });
});
