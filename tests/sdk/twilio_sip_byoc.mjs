// SIP domains, credential and address lists with their mappings, BYOC trunks, connection policies, dialling permissions: through the official SDK.
import assert from 'node:assert/strict';
import { account, carrier, checks, paged, prove, refused } from './_twilio.mjs';

await prove('twilio_sip_byoc', async () => {
    const sim = await carrier();
    const client = sim.client();
    const { step, line } = checks();

    const list = await step('credential lists', async () => {
        const created = await client.sip.credentialLists.create({ friendlyName: 'Phones' });
        assert.match(created.sid, /^CL[0-9a-f]{32}$/);
        await refused(client.sip.credentialLists.create({ friendlyName: 'Phones' }), 400, 21231);
        for (let i = 0; i < 4; ++i) await client.sip.credentialLists.create({ friendlyName: `List ${i}` });
        await paged(client.sip.credentialLists, {}, 5, 2);
        assert.equal((await client.sip.credentialLists(created.sid).update({ friendlyName: 'Desk phones' })).friendlyName, 'Desk phones');
        assert.equal((await client.sip.credentialLists(created.sid).fetch()).subresourceUris.credentials, `/2010-04-01/Accounts/${account}/SIP/CredentialLists/${created.sid}/Credentials.json`);
        return created;
    });
    await step('credentials', async () => {
        const credentials = client.sip.credentialLists(list.sid).credentials;
        await refused(credentials.create({ username: 'ann', password: 'short' }), 400, 20001);
        const ann = await credentials.create({ username: 'ann', password: 'Twelve4characters' });
        assert.equal(ann.password, undefined);
        await refused(credentials.create({ username: 'ann', password: 'Twelve4characters' }), 400, 21231);
        for (const username of ['bob', 'cy']) await credentials.create({ username, password: 'Twelve4characters' });
        await paged(credentials, {}, 3, 2);
        assert.equal((await client.sip.credentialLists(list.sid).credentials(ann.sid).update({ password: 'Another4characters' })).username, 'ann');
        assert.equal(await client.sip.credentialLists(list.sid).credentials(ann.sid).remove(), true);
        const { requests } = await sim.get('/sim/requests');
        assert.ok(!JSON.stringify(requests).includes('4characters'), 'no password in the log of requests');
    });
    const addresses = await step('address lists', async () => {
        const created = await client.sip.ipAccessControlLists.create({ friendlyName: 'Office' });
        const address = await client.sip.ipAccessControlLists(created.sid).ipAddresses.create({ friendlyName: 'PBX', ipAddress: '192.0.2.10', cidrPrefixLength: 29 });
        assert.deepEqual([address.ipAddress, address.cidrPrefixLength], ['192.0.2.10', 29]);
        assert.equal((await client.sip.ipAccessControlLists(created.sid).ipAddresses(address.sid).update({ friendlyName: 'Old PBX' })).friendlyName, 'Old PBX');
        assert.equal((await client.sip.ipAccessControlLists(created.sid).ipAddresses.list()).length, 1);
        return created;
    });
    const domain = await step('domains', async () => {
        await refused(client.sip.domains.create({ domainName: 'example.com' }), 400, 21232);
        const created = await client.sip.domains.create({ domainName: 'desk.sip.twilio.com', voiceUrl: 'https://gw.example.com/voice', sipRegistration: true });
        assert.match(created.sid, /^SD/);
        assert.deepEqual([created.voiceMethod, created.sipRegistration, created.secure, created.voiceFallbackUrl], ['POST', true, false, null]);
        await refused(client.sip.domains.create({ domainName: 'desk.sip.twilio.com' }), 400, 21231);
        for (let i = 0; i < 3; ++i) await client.sip.domains.create({ domainName: `d${i}.sip.twilio.com` });
        await paged(client.sip.domains, {}, 4, 3);
        assert.equal((await client.sip.domains(created.sid).update({ friendlyName: 'Desk', secure: true })).secure, true);
        assert.equal((await client.sip.domains(created.sid).fetch()).friendlyName, 'Desk');
        return created;
    });
    await step('mappings', async () => {
        const calls = client.sip.domains(domain.sid).auth.calls;
        const mapped = await calls.credentialListMappings.create({ credentialListSid: list.sid });
        assert.equal(mapped.sid, list.sid);
        assert.equal((await calls.credentialListMappings(list.sid).fetch()).friendlyName, 'Desk phones');
        assert.equal((await calls.credentialListMappings.list()).length, 1);
        await calls.ipAccessControlListMappings.create({ ipAccessControlListSid: addresses.sid });
        assert.equal((await calls.ipAccessControlListMappings.list()).length, 1);
        const registrations = client.sip.domains(domain.sid).auth.registrations;
        await registrations.credentialListMappings.create({ credentialListSid: list.sid });
        assert.equal((await registrations.credentialListMappings.list())[0].sid, list.sid);
        await refused(client.sip.credentialLists(list.sid).remove(), 400, 21240);
        assert.equal(await registrations.credentialListMappings(list.sid).remove(), true);
        assert.equal(await calls.credentialListMappings(list.sid).remove(), true);
        assert.equal(await client.sip.credentialLists(list.sid).remove(), true);
        const older = client.sip.domains(domain.sid).ipAccessControlListMappings;
        assert.equal((await older.list())[0].domainSid, domain.sid, 'the older path shows the same mapping');
        assert.equal(await client.sip.domains(domain.sid).ipAccessControlListMappings(addresses.sid).remove(), true);
        await older.create({ ipAccessControlListSid: addresses.sid });
        assert.equal(await client.sip.domains(domain.sid).remove(), true);
    });
    await step('byoc trunks', async () => {
        const trunk = await client.voice.v1.byocTrunks.create({ friendlyName: 'Carrier', voiceUrl: 'https://gw.example.com/voice', cnamLookupEnabled: true });
        assert.match(trunk.sid, /^BY/);
        assert.ok(trunk.dateCreated instanceof Date && trunk.url.endsWith(`/v1/ByocTrunks/${trunk.sid}`));
        for (let i = 0; i < 6; ++i) await client.voice.v1.byocTrunks.create({ friendlyName: `Trunk ${i}` });
        await paged(client.voice.v1.byocTrunks, {}, 7, 3);
        assert.equal((await client.voice.v1.byocTrunks(trunk.sid).update({ voiceMethod: 'GET' })).voiceMethod, 'GET');
        assert.equal((await client.voice.v1.byocTrunks(trunk.sid).fetch()).cnamLookupEnabled, true);
        assert.equal(await client.voice.v1.byocTrunks(trunk.sid).remove(), true);
        await refused(client.voice.v1.byocTrunks(trunk.sid).fetch(), 404, 20404);
    });
    await step('connection policies', async () => {
        const policy = await client.voice.v1.connectionPolicies.create({ friendlyName: 'Out' });
        const targets = client.voice.v1.connectionPolicies(policy.sid).targets;
        const target = await targets.create({ target: 'sip:pbx.example.com', priority: 1 });
        assert.deepEqual([target.target, target.priority, target.weight, target.enabled], ['sip:pbx.example.com', 1, 10, true]);
        assert.equal((await client.voice.v1.connectionPolicies(policy.sid).targets(target.sid).update({ enabled: false })).enabled, false);
        assert.equal((await targets.list()).length, 1);
        assert.equal(await client.voice.v1.connectionPolicies(policy.sid).targets(target.sid).remove(), true);
        assert.equal((await client.voice.v1.connectionPolicies.list())[0].sid, policy.sid);
    });
    await step('dialling permissions', async () => {
        assert.ok((await client.voice.v1.dialingPermissions.countries.list()).some((one) => one.isoCode === 'GB'));
        assert.deepEqual((await client.voice.v1.dialingPermissions.countries('DE').fetch()).countryCodes, ['49']);
        assert.equal((await client.voice.v1.dialingPermissions.settings().update({ dialingPermissionsInheritance: false })).dialingPermissionsInheritance, false);
        assert.equal((await client.voice.v1.dialingPermissions.settings().fetch()).dialingPermissionsInheritance, false);
    });
    return line(8);
});
