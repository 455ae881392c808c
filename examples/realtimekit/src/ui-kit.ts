/** RealtimeKit's UI kit on Gavel's client: only the import of the client differs from the vendor's example. */

import { defineCustomElements } from '@cloudflare/realtimekit-ui/loader';
import RealtimeKitClient from '@gavel/client/realtimekit';
import { addParticipant } from './backend';

defineCustomElements();

const query = new URLSearchParams(location.search);
const meeting = await RealtimeKitClient.init(await addParticipant(query.get('name') ?? 'Guest', query.has('host')));
Object.assign(document.querySelector('rtk-meeting') as HTMLElement, { meeting });
