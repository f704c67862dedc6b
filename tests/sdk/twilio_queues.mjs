// Queues through the official SDK: made, filled by callers, members looked at and taken out, listed, changed, removed.
import assert from 'node:assert/strict';
import { application, carrier, checks, paged, prove, refused, twilio, until } from './_twilio.mjs';

const desk = '+18005551212';

await prove('twilio_queues', async () => {
    const app = await application((request) => {
        const response = new twilio.twiml.VoiceResponse();
        if (request.path === '/voice') response.enqueue({ waitUrl: '/music', action: '/left' }, 'support');
        else if (request.path === '/music') response.pause({ length: 5 });
        else if (request.path === '/agent') response.say('Here I am.');
        else if (request.path !== '/left') return undefined;
        return response;
    });
    const sim = await carrier({ config: { numbers: { [desk]: { voice_url: `${app.url}/voice` } } } });
    const client = sim.client();
    const { step, line } = checks();

    const queue = await step('create', async () => {
        const made = await client.queues.create({ friendlyName: 'support', maxSize: 5 });
        assert.match(made.sid, /^QU[0-9a-f]{32}$/);
        assert.deepEqual([made.friendlyName, made.currentSize, made.maxSize, made.averageWaitTime], ['support', 0, 5, 0]);
        await refused(client.queues.create({ friendlyName: 'support' }), 400, 22003);
        await refused(client.queues.create({ friendlyName: 'large', maxSize: 5001 }), 400, 20001);
        await refused(client.queues.create({ friendlyName: '' }), 400, 20002);
        return made.sid;
    });
    const callers = await step('callers wait', async () => {
        const sids = [];
        for (let i = 0; i < 3; ++i) {
            sids.push((await sim.post('/sim/calls', { to: desk, from: `+1415555010${i}` })).call_sid);
            await until(async () => (await client.queues(queue).fetch()).currentSize === i + 1, `${i + 1} waiting`);
        }
        return sids;
    });
    await step('members', async () => {
        const members = await client.queues(queue).members.list();
        assert.deepEqual(members.map((one) => [one.callSid, one.position]), callers.map((sid, i) => [sid, i + 1]));
        assert.equal((await client.queues(queue).members(callers[1]).fetch()).position, 2);
        assert.equal((await client.queues(queue).members('Front').fetch()).callSid, callers[0]);
        assert.equal(typeof members[0].waitTime, 'number');
        assert.equal(await paged(client.queues(queue).members, {}, 3, 2), 2);
        await refused(client.queues(queue).members(`CA${'0'.repeat(32)}`).fetch(), 404, 20404);
    });
    await step('take one out', async () => {
        assert.equal((await client.queues(queue).members('Front').update({ url: `${app.url}/agent`, method: 'GET' })).callSid, callers[0]);
        await until(() => app.at('/agent').some((one) => one.form.CallSid === callers[0] && one.method === 'GET'), 'its document');
        await client.queues(queue).members(callers[2]).update({ url: `${app.url}/agent` });
        await until(async () => (await client.queues(queue).fetch()).currentSize === 1, 'one left');
        assert.equal((await client.queues(queue).members('Front').fetch()).callSid, callers[1]);
    });
    await step('update', async () => {
        const changed = await client.queues(queue).update({ friendlyName: 'help', maxSize: 9 });
        assert.deepEqual([changed.friendlyName, changed.maxSize], ['help', 9]);
        await refused(client.queues(queue).update({ maxSize: 0 }), 400, 20001);
    });
    const pages = await step('list', async () => {
        for (let i = 0; i < 4; ++i) await client.queues.create({ friendlyName: `q${i}` });
        return paged(client.queues, {}, 5, 2);
    });
    await step('remove', async () => {
        await refused(client.queues(queue).remove(), 400, 22001);
        await client.calls(callers[1]).update({ status: 'completed' });
        await until(async () => (await client.queues(queue).fetch()).currentSize === 0, 'an empty queue');
        assert.equal(await client.queues(queue).remove(), true);
        await refused(client.queues(queue).fetch(), 404, 20404);
        const left = await until(() => app.at('/left')[0], 'the action');
        assert.ok(['redirected', 'hangup', 'leave'].includes(left.form.QueueResult), left.form.QueueResult);
    });
    return `${line(7)} (${pages} pages)`;
});
