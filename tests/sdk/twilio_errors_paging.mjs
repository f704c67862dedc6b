// What the official SDK makes of errors and of lists that change while they are read; account, keys, balance, tokens; faults on purpose.
import assert from 'node:assert/strict';
import { account, carrier, checks, prove, refused, token, twilio } from './_twilio.mjs';

await prove('twilio_errors_paging', async () => {
    const sim = await carrier();
    const client = sim.client();
    const { step, line } = checks();

    await step('account', async () => {
        const mine = await client.api.v2010.accounts(account).fetch();
        assert.deepEqual([mine.sid, mine.status, mine.type, mine.ownerAccountSid], [account, 'active', 'Full', account]);
        assert.equal((await client.balance.fetch()).currency, 'USD');
        const tokens = await client.tokens.create({ ttl: 600 });
        assert.equal(tokens.ttl, '600');
        assert.ok(tokens.iceServers.length > 1 && tokens.iceServers[1].credential);
    });
    await step('wrong credentials', async () => {
        await refused(sim.client({ password: 'wrong' }).calls.list({ limit: 1 }), 401, 20003);
        await refused(sim.client({ user: `SK${'0'.repeat(32)}`, password: 'wrong' }).calls.list({ limit: 1 }), 401, 20003);
        const foreign = twilio(account, token, { accountSid: `AC${'9'.repeat(32)}`, httpClient: client.httpClient });
        await refused(foreign.calls.list({ limit: 1 }), 404, 20404);
    });
    await step('keys', async () => {
        const key = await client.newKeys.create({ friendlyName: 'Gateway' });
        assert.match(key.sid, /^SK[0-9a-f]{32}$/);
        assert.equal(key.secret.length, 32);
        const byKey = sim.client({ user: key.sid, password: key.secret });
        assert.equal((await byKey.calls.list({ limit: 1 })).length, 0);
        await refused(byKey.api.v2010.accounts(account).fetch(), 401, 20003);
        await refused(byKey.keys.list(), 401, 20003);
        assert.deepEqual((await client.keys.list()).map((one) => one.friendlyName), ['Gateway']);
        assert.equal(await client.keys(key.sid).remove(), true);
        await refused(byKey.calls.list({ limit: 1 }), 401, 20003);
    });
    await step('not found, not allowed', async () => {
        await refused(client.calls(`CA${'0'.repeat(32)}`).fetch(), 404, 20404);
        await refused(client.request({ method: 'put', uri: `https://api.twilio.com/2010-04-01/Accounts/${account}/Calls.json` }).then((answer) => { throw new twilio.RestException({ ...answer, body: JSON.stringify(answer.body) }); }), 405, 20004);
        const xml = await fetch(`${sim.url}/2010-04-01/Accounts/${account}/Calls`, { headers: { Authorization: `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}` } });
        assert.ok(xml.headers.get('content-type').startsWith('application/xml'), 'XML without .json');
        for (const header of ['twilio-request-id', 'twilio-request-duration', 'twilio-concurrent-requests', 'x-home-region']) assert.ok(xml.headers.get(header), header);
    });
    await step('pages of a changing list', async () => {
        for (let i = 0; i < 9; ++i) await client.applications.create({ friendlyName: `A${i}` });
        const names = [];
        let page = await client.applications.page({ pageSize: 3 });
        for (;;) {
            for (const one of page.instances) {
                names.push(one.friendlyName);
                await one.remove();
            }
            await client.applications.create({ friendlyName: 'new' });
            const next = page.nextPage();
            if (!next) break;
            page = await next;
        }
        assert.deepEqual(names, ['A8', 'A7', 'A6', 'A5', 'A4', 'A3', 'A2', 'A1', 'A0'], 'newest first, none skipped, none twice');
        await refused(client.applications.list({ pageSize: 1001, limit: 2000 }).then(() => client.applications.page({ pageSize: 5000 })), 400, 20007);
        await refused(client.applications.page({ pageNumber: 2, pageSize: 1 }), 400, 21481);
        await refused(client.applications.page({ pageToken: 'PAnothing', pageSize: 1 }), 400, 21481);
        const empty = await client.keys.page({ pageSize: 5 });
        assert.deepEqual([empty.instances.length, empty.nextPageUrl, empty.previousPageUrl], [0, undefined, undefined]);
    });
    await step('429', async () => {
        await sim.put('/sim/faults', { requests: [{ path: '/Keys', fault: '429', count: 1, retry_after: 1 }] });
        await refused(client.keys.list(), 429, 20429);
        await sim.put('/sim/faults', { requests: [{ path: '/Keys', fault: '429', count: 2 }] });
        const patient = sim.client({ http: { autoRetry: true, maxRetries: 3 } });
        assert.equal((await patient.keys.list()).length, 0, 'left to itself the SDK tries again');
    });
    await step('500 before and after', async () => {
        await sim.put('/sim/faults', { requests: [{ method: 'POST', fault: '500' }] });
        await refused(client.applications.create({ friendlyName: 'before' }), 500, 20500);
        assert.equal((await client.applications.list({ friendlyName: 'before' })).length, 0);
        await sim.put('/sim/faults', { requests: [{ method: 'POST', fault: '500_after' }] });
        await refused(client.applications.create({ friendlyName: 'after' }), 500, 20500);
        assert.equal((await client.applications.list({ friendlyName: 'after' })).length, 1, 'it was executed all the same');
    });
    await step('reset, HTML, torn JSON, slow', async () => {
        await sim.put('/sim/faults', { requests: [{ method: 'POST', fault: 'reset_after' }] });
        await assert.rejects(client.applications.create({ friendlyName: 'reset' }), /ECONNRESET|socket hang up/);
        assert.equal((await client.applications.list({ friendlyName: 'reset' })).length, 1);
        await sim.put('/sim/faults', { requests: [{ fault: 'html' }] });
        await assert.rejects(client.keys.list(), (error) => error instanceof twilio.RestException ? error.status === 503 : true);
        await sim.put('/sim/faults', { requests: [{ fault: 'malformed' }] });
        await assert.rejects(client.keys.list());
        await sim.put('/sim/faults', { requests: [{ fault: 'slow', delay_ms: 300 }] });
        const began = Date.now();
        await client.keys.list();
        assert.ok(Date.now() - began >= 290);
    });
    await step('suspended', async () => {
        await sim.put('/sim/account', { status: 'suspended' });
        await refused(client.applications.create({ friendlyName: 'x' }), 403, 20005);
        assert.equal((await client.api.v2010.accounts(account).fetch()).status, 'suspended');
        await sim.put('/sim/account', { status: 'active', type: 'Trial' });
        await refused(client.messages.create({ to: '+14155550101', from: '+18005551212', body: 'x' }), 400, 21608);
        await refused(client.calls.create({ to: '+14155550101', from: '+18005551212', twiml: '<Response/>' }), 400, 21219);
    });
    await step('log of requests', async () => {
        const { requests } = await sim.get('/sim/requests');
        assert.ok(requests.some((one) => one.method === 'POST' && one.path.endsWith('/Applications.json') && one.status === 201 && one.form.some(([name]) => name === 'FriendlyName')));
        assert.ok(requests.some((one) => one.fault === '500_after'));
        assert.ok(!JSON.stringify(requests).includes(token));
    });
    return line(10);
});
