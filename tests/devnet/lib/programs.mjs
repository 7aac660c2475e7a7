// The program by which margrave asks what wallets hold: a call without a recipient, longer than the one that only
// says its block.
const BLOCK_CHECK_BYTES = 13;

export const isProgram = (request) =>
    request?.method === "eth_call" &&
    !request.params[0].to &&
    (request.params[0].data ?? request.params[0].input).length > 2 + 2 * BLOCK_CHECK_BYTES;

/// A hook that treats programs, also inside of batches, with `spoil(request, forward)`.
export const spoilPrograms = (spoil) => async (request, forward) => {
    if (!Array.isArray(request)) return isProgram(request) ? spoil(request, forward) : forward(request);
    const plain = request.filter((one) => !isProgram(one));
    const answers = plain.length ? await forward(plain) : [];
    for (const one of request.filter(isProgram)) answers.push(await spoil(one, forward));
    return answers;
};
