import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { type FakeElement, FakePage } from '../../testing/fake-page.ts';
import { ShownHeight } from './shown-height.ts';

let clock: FakeClock;
let page: FakePage;
let heights: (number | undefined)[];
let shown: ShownHeight;

beforeEach(() => {
  clock = new FakeClock();
  page = new FakePage();
  heights = [];
  shown = new ShownHeight(clock, (height) => heights.push(height));
});

const asVideo = (element: FakeElement) => element as unknown as HTMLVideoElement;

/** Adds a view of a picture of 16 to 9, with a size in pixels of the page. */
function addView(width: number, height: number, isInPage = true): FakeElement {
  const element = page.createElement('video');
  Object.assign(element, { clientWidth: width, clientHeight: height, videoWidth: 1280, videoHeight: 720 });
  if (isInPage) page.body.append(element);
  shown.add(asVideo(element));
  return element;
}

test('the height is that of the picture on the screen, in steps of 20 pixels', async () => {
  addView(320, 180);
  await clock.advance(200);
  expect(heights).toEqual([360]);
});

test('changes within 200 ms are one change, and only another height is a change', async () => {
  const element = addView(320, 180);
  await clock.advance(200);
  for (const width of [400, 480, 640]) page.defaultView.resize(element, width, (width * 9) / 16);
  await clock.advance(199);
  expect(heights).toEqual([360]);
  await clock.advance(1);
  expect(heights).toEqual([360, 720]);
  page.defaultView.resize(element, 641, 361);
  await clock.advance(1000);
  expect(heights).toEqual([360, 720]);
});

test('a picture in an element of other proportions is as high as it is shown', async () => {
  const element = addView(320, 600);
  await clock.advance(200);
  element.style.objectFit = 'cover';
  page.defaultView.resize(element, 320, 600);
  await clock.advance(200);
  expect(heights).toEqual([360, 1200]);
});

test('before the first frame, the height is that of the element', async () => {
  const element = addView(320, 200);
  element.videoWidth = 0;
  await clock.advance(200);
  expect(heights).toEqual([400]);
});

test('of several views the largest counts, and one that is removed does not', async () => {
  addView(320, 180);
  const large = addView(1280, 720);
  await clock.advance(200);
  shown.remove(asVideo(large));
  shown.remove(asVideo(large));
  await clock.advance(200);
  expect(heights).toEqual([1440, 360]);
});

test('nothing is shown while the view is scrolled out, without a size, or the page is hidden', async () => {
  const element = addView(320, 180);
  const window = page.defaultView;
  window.scroll(element, false);
  await clock.advance(200);
  window.scroll(element, true);
  await clock.advance(200);
  window.resize(element, 0, 0);
  await clock.advance(200);
  window.resize(element, 320, 180);
  await clock.advance(200);
  page.hidden = true;
  page.raise('visibilitychange');
  await clock.advance(200);
  page.hidden = false;
  page.raise('visibilitychange');
  await clock.advance(200);
  expect(heights).toEqual([0, 360, 0, 360, 0, 360]);
});

test('a view that is not visible gets a small picture first, because a page may show it only then', async () => {
  const element = addView(320, 180);
  element.videoWidth = 0;
  page.defaultView.scroll(element, false);
  await clock.advance(200);
  element.videoWidth = 320;
  element.raise('resize');
  await clock.advance(200);
  expect(heights).toEqual([20, 0]);
});

test('a picture in a window of its own is shown, also if the page is hidden', async () => {
  const element = addView(320, 180);
  await clock.advance(200);
  page.pictureInPictureElement = element;
  element.raise('enterpictureinpicture');
  page.hidden = true;
  page.raise('visibilitychange');
  await clock.advance(200);
  expect(heights).toEqual([360]);
  page.pictureInPictureElement = null;
  element.raise('leavepictureinpicture');
  await clock.advance(200);
  expect(heights).toEqual([360, 0]);
});

test('of a view that was never in the page nothing is known; one that has left it is not shown', async () => {
  const element = addView(320, 180, false);
  await clock.advance(200);
  page.body.append(element);
  page.defaultView.resize(element, 320, 180);
  await clock.advance(200);
  element.remove();
  page.defaultView.scroll(element, false);
  await clock.advance(200);
  expect(heights).toEqual([360, 0]);
});

test('without views nothing is known', async () => {
  const element = addView(320, 180);
  await clock.advance(200);
  shown.remove(asVideo(element));
  await clock.advance(200);
  expect(heights).toEqual([360, undefined]);
});

test('views that are closed are not watched any longer', async () => {
  addView(320, 180);
  addView(320, 180);
  expect(page.defaultView.observerCount).toBe(4);
  shown.close();
  await clock.advance(1000);
  expect([page.defaultView.observerCount, heights]).toEqual([0, []]);
});
