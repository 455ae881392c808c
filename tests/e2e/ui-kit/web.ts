/**
 * An application with RealtimeKit's web components, whose only difference from the vendor's start is the import of the client.
 *
 * @module
 */

import { defineCustomElements } from '@cloudflare/realtimekit-ui/loader';
import RealtimeKitClient from '@gavel/client/realtimekit';

defineCustomElements();

const query = new URLSearchParams(location.search);
const meeting = await RealtimeKitClient.init({
  authToken: query.get('token') ?? '',
  baseURI: query.get('server') ?? '',
});
Object.assign(document.querySelector('rtk-meeting') as HTMLElement, { meeting });
