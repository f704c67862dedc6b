// Conferences through the official SDK: a participant called in, others who dial in, mute, hold, coach, announce, removed, ended; listed and recorded.
import assert from 'node:assert/strict';
import { application, carrier, checks, paged, prove, refused, twilio, until } from './_twilio.mjs';

const desk = '+18005551212';

await prove('twilio_conferences', async () => {
    const app = await application((request) => {
        const response = new twilio.twiml.VoiceResponse();
        if (request.path === '/join') response.dial().conference({ statusCallback: `${app.url}/room`, statusCallbackEvent: 'start end join leave mute hold' }, 'Standup');
        else if (request.path === '/say') response.say('Time is up.');
        else if (request.path === '/hold') response.say('Please hold.');
        else return undefined;
        return response;
    });
    const sim = await carrier({ config: { numbers: { [desk]: { voice_url: `${app.url}/join` } } } });
    const client = sim.client();
    const { step, line } = checks();
    const room = await step('created by a caller', async () => {
        await sim.post('/sim/calls', { to: desk, from: '+14155550101' });
        const [found] = await until(async () => { const all = await client.conferences.list({ friendlyName: 'Standup' }); return all.length ? all : undefined; }, 'the conference');
        assert.match(found.sid, /^CF[0-9a-f]{32}$/);
        assert.deepEqual([found.friendlyName, found.region, found.reasonConferenceEnded, found.callSidEndingConference], ['Standup', 'us1', null, null]);
        return found.sid;
    });
    const participants = () => client.conferences(room).participants;
    const connected = (count) => until(async () => (await participants().list()).filter((one) => one.status === 'connected').length === count, `${count} participants`);
    const boss = await step('participant created', async () => {
        const made = await client.conferences('Standup').participants.create({ from: desk, to: '+14155550102', label: 'boss', endConferenceOnExit: true, beep: 'false', earlyMedia: true });
        assert.deepEqual([made.conferenceSid, made.label, made.muted, made.hold, made.coaching, made.endConferenceOnExit, made.startConferenceOnEnter], [room, 'boss', false, false, false, true, true]);
        await refused(client.conferences('Standup').participants.create({ from: desk, to: '+14155550103', label: 'boss' }), 400, 16025);
        await refused(client.conferences('Standup').participants.create({ from: desk, to: '+14155550103', label: 'a/b' }), 400, 16023);
        await refused(client.conferences('Standup').participants.create({ from: desk, to: '12' }), 400, 21211);
        await refused(client.conferences('Standup').participants.create({ from: desk, to: '+14155550103', machineDetection: 'Enable' }), 400, 21262);
        await connected(2);
        assert.equal((await client.conferences(room).fetch()).status, 'in-progress');
        return made.callSid;
    });
    await step('fetch by label', async () => {
        const one = await client.conferences(room).participants('boss').fetch();
        assert.deepEqual([one.callSid, one.status], [boss, 'connected']);
        await refused(client.conferences(room).participants('nobody').fetch(), 404, 20404);
    });
    const after = (label, look) => until(async () => { const one = await client.conferences(room).participants(label).fetch(); return look(one) ? one : undefined; }, 'the change');
    await step('mute', async () => {
        assert.equal((await client.conferences(room).participants('boss').update({ muted: true })).muted, true);
        await after('boss', (one) => one.muted);
        assert.equal((await client.conferences(room).participants.list({ muted: true })).length, 1);
        await client.conferences(room).participants('boss').update({ muted: false });
        await after('boss', (one) => !one.muted);
    });
    await step('hold', async () => {
        await client.conferences(room).participants('boss').update({ hold: true, holdUrl: `${app.url}/hold` });
        await until(() => app.at('/hold').length > 0, 'the music on hold');
        assert.equal(app.at('/hold')[0].method, 'GET', 'HoldMethod is GET by default');
        await after('boss', (one) => one.hold);
        await client.conferences(room).participants('boss').update({ hold: false });
        await after('boss', (one) => !one.hold);
    });
    await step('coach', async () => {
        const coach = await client.conferences(room).participants.create({ from: desk, to: '+14155550104', label: 'coach', coaching: true, callSidToCoach: boss });
        assert.deepEqual([coach.coaching, coach.callSidToCoach], [true, boss]);
        await connected(3);
        await refused(client.conferences(room).participants.create({ from: desk, to: '+14155550105', coaching: true }), 400, 20001);
        assert.equal((await client.conferences(room).participants('coach').update({ coaching: false })).coaching, false);
    });
    await step('announce', async () => {
        await client.conferences(room).update({ announceUrl: `${app.url}/say` });
        await until(() => app.at('/say').length === 1, 'the announcement');
    });
    await step('list participants', async () => {
        for (let i = 0; i < 2; ++i) await client.conferences(room).participants.create({ from: desk, to: `+1415555011${i}` });
        await connected(5);
        assert.equal(await paged(participants(), {}, 5, 2), 3);
    });
    await step('recording', async () => {
        const made = await client.conferences('Recorded').participants.create({ from: desk, to: '+14155550120', conferenceRecord: 'true', conferenceTrim: 'do-not-trim', conferenceRecordingStatusCallback: `${app.url}/recorded` });
        await client.conferences('Recorded').participants.create({ from: desk, to: '+14155550121' });
        const [recording] = await until(async () => { const all = await client.conferences(made.conferenceSid).recordings.list(); return all.length ? all : undefined; }, 'the recording');
        assert.deepEqual([recording.source, recording.callSid, recording.conferenceSid], ['Conference', null, made.conferenceSid]);
        assert.equal((await client.conferences(made.conferenceSid).recordings('Twilio.CURRENT').update({ status: 'paused' })).status, 'paused');
        assert.equal((await client.conferences(made.conferenceSid).recordings(recording.sid).update({ status: 'in-progress' })).status, 'in-progress');
        await new Promise((resolve) => setTimeout(resolve, 200));
        await client.conferences(made.conferenceSid).update({ status: 'completed' });
        await until(() => app.at('/recorded').some((one) => one.form.RecordingSid === recording.sid && one.form.ConferenceSid === made.conferenceSid), "the recording's callback");
    });
    await step('remove a participant', async () => {
        assert.equal(await client.conferences(room).participants('coach').remove(), true);
        await connected(4);
    });
    await step('end', async () => {
        assert.equal((await client.conferences(room).update({ status: 'completed' })).status, 'completed');
        const done = await until(async () => { const one = await client.conferences(room).fetch(); return one.status === 'completed' ? one : undefined; }, 'the end');
        assert.equal(done.reasonConferenceEnded, 'conference-ended-via-api');
        assert.equal((await participants().list()).length, 0, 'empty afterwards');
        await until(() => app.at('/room').some((one) => one.form.StatusCallbackEvent === 'conference-end'), "the conference's callbacks");
        const events = new Set(app.at('/room').map((one) => one.form.StatusCallbackEvent));
        for (const event of ['conference-start', 'participant-join', 'participant-mute', 'participant-hold', 'participant-leave']) assert.ok(events.has(event), event);
        assert.deepEqual((await client.conferences.list({ status: 'completed' })).map((one) => one.friendlyName).sort(), ['Recorded', 'Standup']);
    });
    return line(11);
});
