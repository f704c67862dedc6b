// What the language models' proofs share: the world, and what to expect of it.
export const hours = 'We are open from nine until five.';
export const slot = 'Tuesday at ten is free.';
export const argumentsWanted = { day: 'tuesday', hours: [9, 10] };
export const schema = { type: 'object', properties: { day: { type: 'string', description: 'Day of the week' }, hours: { type: 'array', items: { type: 'number' } } }, required: ['day'] };
export const world = {
    phrases: ['when are you open'],
    rules: [
        { words: ['open'], say: hours },
        { words: ['slot'], say: 'One moment.', tool: 'get_slot', arguments: JSON.stringify(argumentsWanted) },
        { tool_result: 'get_slot', say: slot },
    ],
    times: { first_token: '20ms', token: '5ms' },
};

// Cancels a streamed answer several times (`once` answers what was heard of it) and waits until the vendor has fewer connections than that: each cancelled
// one has been closed. Answers what was heard of the last.
export async function cancelled(vendor, once, times = 6) {
    let heard = '';
    for (let i = 0; i < times; ++i) heard = await once();
    for (let i = 0; i < 200; ++i) {
        const { connections } = await (await fetch(`${vendor.url}/sim/health`)).json();
        if (connections < times / 2) return heard;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('cancelled requests kept their connections');
}
