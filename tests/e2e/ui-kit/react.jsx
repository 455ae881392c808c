/**
 * An application with RealtimeKit's React components and hooks, as the vendor's examples write it. The bundler replaces the
 * client that they import.
 *
 * @module
 */

import { RealtimeKitProvider, useRealtimeKitClient, useRealtimeKitMeeting } from '@cloudflare/realtimekit-react';
import { RtkMeeting } from '@cloudflare/realtimekit-react-ui';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';

const query = new URLSearchParams(location.search);

function Meeting() {
  const { meeting } = useRealtimeKitMeeting();
  return <RtkMeeting mode="fill" meeting={meeting} />;
}

function App() {
  const [meeting, initMeeting] = useRealtimeKitClient();
  useEffect(() => {
    initMeeting({ authToken: query.get('token'), baseURI: query.get('server') });
  }, [initMeeting]);
  return (
    <RealtimeKitProvider value={meeting} fallback={<p>Loading</p>}>
      <Meeting />
    </RealtimeKitProvider>
  );
}

createRoot(document.getElementById('root')).render(<App />);
