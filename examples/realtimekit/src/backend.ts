/** Asks the example's backend, which holds the API token, for a participant's token. */
export async function addParticipant(name: string, isHost: boolean): Promise<{ authToken: string; baseURI: string }> {
  const params = new URLSearchParams({ name, preset: isHost ? 'group_call_host' : 'group_call_participant' });
  const response = await fetch(`/api/participants?${params}`, { method: 'POST' });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
