import { expect, it } from 'vitest';
import { browserDetails } from './browser-details.ts';

it.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    { browserName: 'Chrome', browserVersion: '142.0.0.0', engineName: 'Blink', osName: 'Linux', isMobile: false },
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.3595.53',
    { browserName: 'Microsoft Edge', engineName: 'Blink', osName: 'Windows', osVersionName: '10.0' },
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
    { browserName: 'Safari', browserVersion: '18.1', engineName: 'WebKit', osName: 'macOS', osVersionName: '10.15.7' },
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.1 Mobile/15E148 Safari/604.1',
    { browserName: 'Chrome', engineName: 'WebKit', osName: 'iOS', osVersionName: '18.1', isMobile: true },
  ],
  [
    'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0',
    { browserName: 'Firefox', engineName: 'Gecko', osName: 'Android', osVersionName: '15', isMobile: true },
  ],
  ['', { browserName: '', browserVersion: '', engineName: '', osName: '', osVersionName: '', isMobile: false }],
])('describes the browser of %s', (userAgent, details) => {
  expect(browserDetails(userAgent)).toMatchObject(details);
});
