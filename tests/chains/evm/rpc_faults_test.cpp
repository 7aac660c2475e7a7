#include "chains/evm/rpc_faults.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "chains/evm/json_rpc.hpp"

namespace margrave::chains::evm {

namespace {

using core::ErrorKind;

/// An error as an endpoint was seen to send it. The thread it comes from stands in the comment;
/// "made up" rows combine what was seen apart, to pin the order of two groups.
struct Payload {
    ErrorKind kind;
    int status = 200;
    std::int64_t code = 0;
    std::string_view message;
    std::string_view data = {};
    std::string_view method = "eth_call";
};

const std::vector<Payload>& known_payloads() {
    static const std::vector<Payload> payloads{
        // Size of requests, batches and ranges.
        // erigontech/erigon#7090
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "batch limit 100 exceeded: 142 requests given"},
        // ethereum/go-ethereum#26681
        {.kind = ErrorKind::RequestTooLarge, .code = -32600, .message = "batch too large"},
        // hiero-ledger/hiero-json-rpc-relay#2078
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32202,
         .message = "Batch requests are disabled"},
        // jsonrpsee
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32005,
         .message = "Batched requests are not supported by this server"},
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32701,
         .message = "Request is too big",
         .data = R"("Exceeded max limit of 167772160")"},
        {.kind = ErrorKind::RequestTooLarge, .status = 413, .message = "Content Too Large"},
        // OffchainLabs/arbitrum-sdk#609
        {.kind = ErrorKind::RequestTooLarge,
         .status = 413,
         .code = -32614,
         .message = "eth_getLogs is limited to a 10,000 range"},
        // boundless-xyz/boundless#838, risc0/risc0-ethereum#656
        {.kind = ErrorKind::RequestTooLarge,
         .status = 400,
         .code = -32600,
         .message = "You can make eth_getLogs requests with up to a 500 block range. Based on your "
                    "parameters, this block range should work: [0x1be4213, 0x1be4406]"},
        // AlphaWallet/alpha-wallet-android#2736
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "exceed maximum block range: 5000"},
        // AlphaWallet/alpha-wallet-ios#5277
        {.kind = ErrorKind::RequestTooLarge, .code = -32600, .message = "block range too high"},
        // ponder-sh/ponder#1940
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "maximum [from, to] blocks distance: 10000"},
        // enviodev/hyperindex#605
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "block range is larger than max block range, block range = 5120, max block "
                    "range = 5000"},
        // bobanetwork/boba_legacy#827
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "failed",
         .data = R"({"payload":"range 9009594 is bigger than range limit 2000"})"},
        // INFURA/infura#237
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32602,
         .message = "range 1000000 exceeds limit of 10000"},
        // Besu
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32005,
         .message = "Requested range exceeds maximum range limit"},
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "specify less number of address"},
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "exceed max addresses or topics per search position"},
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "This query contains 7000 filters. The current limit is 5000."},
        // moonbeam-foundation/moonbeam#3250
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "block range is too wide (maximum 1024)"},
        // The rest of what is seen, each by one of its parts alone.
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "eth_getLogs is limited to a 10,000 range"},
        {.kind = ErrorKind::RequestTooLarge, .code = -32614, .message = ""},
        {.kind = ErrorKind::RequestTooLarge, .code = -32202, .message = ""},
        {.kind = ErrorKind::RequestTooLarge, .status = 413, .message = ""},
        {.kind = ErrorKind::RequestTooLarge, .code = -32000, .message = "Content Too Large"},
        {.kind = ErrorKind::RequestTooLarge, .code = -32000, .message = "Payload Too Large"},
        {.kind = ErrorKind::RequestTooLarge, .code = -32000, .message = "Request Entity Too Large"},
        {.kind = ErrorKind::RequestTooLarge, .code = -32000, .message = "request body too large"},
        {.kind = ErrorKind::RequestTooLarge, .code = -32600, .message = "request too large"},
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32600,
         .message = "batch size is over the maximum"},
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32000,
         .message = "Batch requests are disabled"},
        // Of logs it is a range: proxies that give all vendors the same codes
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32012,
         .message = "",
         .method = "eth_getLogs"},
        // A range limit that names the plan: asking for less helps, paying is not needed.
        {.kind = ErrorKind::RequestTooLarge,
         .status = 400,
         .code = -32600,
         .message = "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 "
                    "block range."},
        // made up
        {.kind = ErrorKind::RequestTooLarge,
         .code = -32600,
         .message = "block range too high, see https://dashboard.example/settings/billing"},
        // Size of replies: bancorprotocol/webapp#523
        {.kind = ErrorKind::ReplyTooLarge,
         .code = -32602,
         .message = "Log response size exceeded. Please reduce query block range."},
        // aurora-is-near/aurora-relayer#327, zeta-chain/node#3265
        {.kind = ErrorKind::ReplyTooLarge,
         .code = -32005,
         .message = "query returned more than 10000 results"},
        {.kind = ErrorKind::ReplyTooLarge,
         .code = -32000,
         .message = "query returned more than 10000 results"},
        // ethereum/go-ethereum#33814
        {.kind = ErrorKind::ReplyTooLarge, .code = -32003, .message = "response too large"},
        {.kind = ErrorKind::ReplyTooLarge,
         .code = -32008,
         .message = "Response is too big",
         .data = R"("Exceeded max limit of 167772160")"},

        // bnb-chain/bsc#1215: of logs it is no limit of rate
        {.kind = ErrorKind::ReplyTooLarge,
         .code = -32005,
         .message = "limit exceeded",
         .method = "eth_getLogs"},
        {.kind = ErrorKind::ReplyTooLarge, .code = -32005, .message = "", .method = "eth_getLogs"},
        // Quota: xmtp/xmtpd#672, a16z/zkdocs#9
        {.kind = ErrorKind::QuotaExceeded,
         .status = 403,
         .code = -32600,
         .message =
             "Monthly capacity limit exceeded. Visit https://dashboard.example/settings/billing"},
        {.kind = ErrorKind::QuotaExceeded,
         .code = -32000,
         .message = "Monthly capacity limit exceeded."},
        {.kind = ErrorKind::QuotaExceeded,
         .status = 429,
         .code = 429,
         .message = "Monthly capacity limit exceeded."},
        {.kind = ErrorKind::QuotaExceeded, .status = 402, .message = ""},
        {.kind = ErrorKind::QuotaExceeded,
         .code = -32000,
         .message = "You have reached the free tier"},

        // enviodev/hyperindex#715, as a message
        {.kind = ErrorKind::QuotaExceeded, .code = -32000, .message = "Payment Required"},
        {.kind = ErrorKind::QuotaExceeded, .code = -32000, .message = "Quota exceeded"},
        {.kind = ErrorKind::QuotaExceeded, .code = -32000, .message = "capacity limit exceeded"},
        {.kind = ErrorKind::QuotaExceeded,
         .code = -32000,
         .message = "Your monthly requests are used up"},
        {.kind = ErrorKind::QuotaExceeded,
         .code = -32000,
         .message = "Please check your billing details"},
        // Rate: conduitxyz/node#36, with 429 and, in batches, with 200
        {.kind = ErrorKind::RateLimited,
         .status = 429,
         .code = 429,
         .message = "Your app has exceeded its compute units per second capacity. If you have "
                    "retries enabled, you can safely ignore this message."},
        {.kind = ErrorKind::RateLimited,
         .code = 429,
         .message = "Your app has exceeded its compute units per second capacity."},
        // Synthetixio/kwenta#40: the code alone
        {.kind = ErrorKind::RateLimited, .code = 429, .message = "slow down"},
        // rainlanguage/raindex#1662
        {.kind = ErrorKind::RateLimited, .code = -32016, .message = "over rate limit"},
        // ethereum-optimism/optimism#2642
        {.kind = ErrorKind::RateLimited,
         .code = -32000,
         .message = "This request has been rate limited."},
        // alloy-rs/alloy test data
        {.kind = ErrorKind::RateLimited,
         .code = -32007,
         .message = "20/second request limit reached - reduce calls per second or upgrade your "
                    "account at quicknode.com"},
        {.kind = ErrorKind::RateLimited, .code = -32012, .message = "credits limited to 6000/sec"},
        {.kind = ErrorKind::RateLimited,
         .code = -32005,
         .message = "daily request count exceeded, request rate limited"},
        {.kind = ErrorKind::RateLimited,
         .code = -32005,
         .message = "project ID request rate exceeded"},
        // Whatever is asked for, words of a rate are one.
        {.kind = ErrorKind::RateLimited,
         .code = -32012,
         .message = "credits limited to 6000/sec",
         .method = "eth_getLogs"},
        {.kind = ErrorKind::RateLimited,
         .code = -32005,
         .message = "daily request count exceeded",
         .method = "eth_getLogs"},
        {.kind = ErrorKind::RateLimited,
         .code = -32000,
         .message = "compute units per second capacity exceeded"},
        {.kind = ErrorKind::RateLimited, .code = -32000, .message = "request limit reached"},
        {.kind = ErrorKind::RateLimited, .code = -32000, .message = "Too Many Requests"},
        {.kind = ErrorKind::RateLimited, .code = -32000, .message = "request throttled"},
        {.kind = ErrorKind::RateLimited, .message = "error code: 1015"},
        // reown-com/blockchain-api#1102
        {.kind = ErrorKind::RateLimited, .code = -32029, .message = ""},
        {.kind = ErrorKind::RateLimited, .status = 429, .message = ""},
        {.kind = ErrorKind::RateLimited, .code = -32005, .message = "Limit exceeded"},
        {.kind = ErrorKind::RateLimited, .code = -32007, .message = ""},
        {.kind = ErrorKind::RateLimited, .code = -32009, .message = ""},
        {.kind = ErrorKind::RateLimited, .code = -32012, .message = ""},
        {.kind = ErrorKind::RateLimited, .code = -32005, .message = ""},
        // A limiter that says "reverted" is a limiter: rainlanguage/raindex#1662 showed it as a
        // revert.
        {.kind = ErrorKind::RateLimited, .code = 3, .message = "request reverted: rate limit"},
        // made up
        {.kind = ErrorKind::RateLimited, .status = 429, .code = -39001, .message = "Unknown block"},

        // Tags: ethereum/execution-apis#879, erigontech/erigon#20149
        {.kind = ErrorKind::UnknownBlock, .code = -32000, .message = "safe block not found"},
        {.kind = ErrorKind::UnknownBlock, .code = -32000, .message = "finalized block not found"},
        {.kind = ErrorKind::UnknownBlock, .code = -39001, .message = "Unknown block"},
        {.kind = ErrorKind::UnknownBlock,
         .code = -39001,
         .message = "block \"finalized\" not available (head block: 7)"},
        {.kind = ErrorKind::UnknownBlock,
         .code = -32000,
         .message = "block \"safe\" not available (head block: 7)"},
        {.kind = ErrorKind::UnknownBlock,
         .code = -32000,
         .message = "block \"finalized\" not available (head block: 7)"},
        // The same in the data.
        {.kind = ErrorKind::UnknownBlock,
         .code = -32000,
         .message = "failed",
         .data = R"("block \"safe\" not available")"},
        {.kind = ErrorKind::UnknownBlock,
         .code = -32000,
         .message = "failed",
         .data = R"("block \"finalized\" not available")"},
        {.kind = ErrorKind::UnknownBlock,
         .code = -32000,
         .message = "hash 0x12 is not currently canonical"},

        // Missing data: MetaMask/metamask-extension#7234
        {.kind = ErrorKind::MissingState, .code = -32000, .message = "header not found"},
        // paradigmxyz/reth#5696
        {.kind = ErrorKind::MissingState, .code = -32603, .message = "unknown block number"},
        // graphprotocol/graph-node#2401
        {.kind = ErrorKind::MissingState, .code = -32000, .message = "header for hash not found"},
        // A public proxy's vendor table: code 3 near the tip
        {.kind = ErrorKind::MissingState, .code = 3, .message = "Unknown block"},
        // ethereum/go-ethereum#25826, #20874
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "missing trie node 288259a51975 (path )"},
        // made up: a revert that is none
        {.kind = ErrorKind::MissingState,
         .code = 3,
         .message = "execution reverted: missing trie node 288259a51975 (path )"},
        // blockscout/blockscout#5594
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "required historical state unavailable (reexec=128)"},
        // ethereum/go-ethereum#15102
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "This request is not supported because your node is running with state "
                    "pruning. Run with --pruning=archive."},
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "historical state 0x12 is not available"},
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "No state available for block 0x12"},
        {.kind = ErrorKind::MissingState, .code = -32000, .message = "World state unavailable"},
        {.kind = ErrorKind::MissingState, .code = 4444, .message = ""},
        {.kind = ErrorKind::MissingState, .code = -32014, .message = ""},
        {.kind = ErrorKind::MissingState, .code = -32001, .message = ""},
        {.kind = ErrorKind::MissingState, .code = -32002, .message = "Resource unavailable"},
        {.kind = ErrorKind::MissingState, .code = -32002, .message = ""},
        {.kind = ErrorKind::MissingState, .code = -32000, .message = "Resource not found"},
        {.kind = ErrorKind::MissingState, .code = -32000, .message = "Resource unavailable"},
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "Requested resource not available"},
        {.kind = ErrorKind::MissingState, .code = -32000, .message = "block not found"},
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "the state of block 0x12 is pruned"},
        // paradigmxyz/reth#14952, erigontech/erigon#7748
        {.kind = ErrorKind::MissingState,
         .code = -32602,
         .message = "distance to target block exceeds maximum proof window"},
        {.kind = ErrorKind::MissingState,
         .code = -32000,
         .message = "requested block is too old, block must be within 1000 blocks of the head "
                    "block number (currently 7)"},
        // made up
        {.kind = ErrorKind::MissingState,
         .code = -32002,
         .message = "header not found: request timed out"},

        // The node's own clock: geth, per item of a batch; erigontech/erigon#1081
        {.kind = ErrorKind::ExecutionTimeout, .code = -32002, .message = "request timed out"},
        {.kind = ErrorKind::ExecutionTimeout,
         .code = -32000,
         .message = "execution aborted (timeout = 5s)"},
        {.kind = ErrorKind::ExecutionTimeout, .code = -32016, .message = "Timeout"},
        // enviodev/hyperindex#715: a plan that is named is not used up
        {.kind = ErrorKind::ExecutionTimeout,
         .code = 30,
         .message = "Request timeout on the free tier, please upgrade your tier to the paid one"},
        // INFURA/infura#237
        {.kind = ErrorKind::ExecutionTimeout, .code = -32005, .message = "query too slow"},
        {.kind = ErrorKind::ExecutionTimeout,
         .code = -32000,
         .message = "context deadline exceeded"},
        {.kind = ErrorKind::ExecutionTimeout, .code = -32000, .message = "execution aborted"},
        // Proxies that give all vendors the same codes
        {.kind = ErrorKind::ExecutionTimeout, .code = -32015, .message = ""},
        // made up
        {.kind = ErrorKind::ExecutionTimeout,
         .code = 3,
         .message = "execution aborted (timeout = 5s)"},

        // Reverts: ethereum/execution-apis#600, paradigmxyz/reth#15126
        {.kind = ErrorKind::Reverted,
         .code = 3,
         .message = "execution reverted: reason",
         .data = R"("0x08c379a0")"},
        {.kind = ErrorKind::Reverted, .code = -32000, .message = "execution reverted"},
        {.kind = ErrorKind::Reverted, .code = 3, .message = "execution reverted"},
        {.kind = ErrorKind::Reverted, .code = 3, .message = ""},
        // wevm/viem#4092
        {.kind = ErrorKind::Reverted,
         .code = -32000,
         .message = "execution reverted",
         .data = R"("0xf4f28e99")"},
        // ethereum/go-ethereum#21886
        {.kind = ErrorKind::Reverted,
         .code = -32015,
         .message = "VM execution error.",
         .data = R"("Reverted 0x08c379a0")"},
        // NethermindEth/nethermind#5740
        {.kind = ErrorKind::Reverted,
         .code = -32015,
         .message = "VM execution error.",
         .data = R"("Reverted 0x")"},
        // hiero-ledger/hiero-json-rpc-relay#2457
        {.kind = ErrorKind::Reverted,
         .code = -32008,
         .message = "[Request ID: 1] execution reverted: CONTRACT_REVERT_EXECUTED",
         .data = R"("0x6ca7b806")"},
        // Where no contract runs, none has reverted.
        {.kind = ErrorKind::ServerFault,
         .code = 3,
         .message = "",
         .method = "eth_getBlockByNumber"},
        {.kind = ErrorKind::ServerFault, .code = 3, .message = "", .method = "eth_getLogs"},
        // A reason that speaks of gas is a reason still.
        {.kind = ErrorKind::Reverted, .code = 3, .message = "execution reverted: out of gas"},

        // Halts: ethstorage/web3url-gateway#99, safe-global/safe-eth-py#254,
        // NethermindEth/nethermind#12166
        {.kind = ErrorKind::OutOfGas, .code = -32000, .message = "out of gas"},
        {.kind = ErrorKind::OutOfGas,
         .code = -32015,
         .message = "VM execution error.",
         .data = R"("Out of gas")"},
        {.kind = ErrorKind::OutOfGas, .code = -32003, .message = "out of gas"},
        {.kind = ErrorKind::OutOfGas, .code = -32603, .message = "EVM error: OutOfGas"},
        {.kind = ErrorKind::Reverted, .code = -32000, .message = "invalid opcode: INVALID"},
        {.kind = ErrorKind::Reverted, .code = -32000, .message = "stack underflow (0 <=> 1)"},
        {.kind = ErrorKind::Reverted, .code = -32000, .message = "invalid jump destination"},
        {.kind = ErrorKind::Reverted, .code = -32603, .message = "EVM error: InvalidJump"},
        // ethereum/go-ethereum#24459
        {.kind = ErrorKind::OutOfGas,
         .code = -32000,
         .message = "gas required exceeds allowance (50000000)"},
        {.kind = ErrorKind::Reverted, .code = -32015, .message = "VM execution error."},
        {.kind = ErrorKind::Reverted, .code = -32000, .message = "Bad instruction fe"},
        {.kind = ErrorKind::Reverted, .code = -32000, .message = "stack limit reached 1024 (1023)"},
        // made up
        {.kind = ErrorKind::Reverted,
         .code = -32000,
         .message = "invalid opcode: PUSH0 is not supported"},

        // Not supported
        {.kind = ErrorKind::Unsupported,
         .code = -32601,
         .message = "The method eth_x does not exist/is not available"},
        {.kind = ErrorKind::Unsupported, .code = -32000, .message = "method is not whitelisted"},
        {.kind = ErrorKind::Unsupported,
         .code = -32000,
         .message = "eth_x is not included in your current plan"},
        {.kind = ErrorKind::Unsupported, .code = -32004, .message = ""},
        {.kind = ErrorKind::Unsupported, .status = 405, .message = ""},
        {.kind = ErrorKind::Unsupported, .status = 415, .message = ""},
        {.kind = ErrorKind::Unsupported,
         .code = -32000,
         .message = "the method eth_x does not exist/is not available"},
        {.kind = ErrorKind::Unsupported, .code = -32000, .message = "Method not found"},
        {.kind = ErrorKind::Unsupported, .code = -32000, .message = "eth_x is not supported"},
        {.kind = ErrorKind::Unsupported, .code = -32000, .message = "unsupported method: eth_x"},
        {.kind = ErrorKind::Unsupported, .code = -32601, .message = ""},
        {.kind = ErrorKind::Unsupported, .status = 404, .message = ""},
        // EIP-1898 objects: ConsenSys-archive/ganache-cli-archive#745, and nodes that want a string
        {.kind = ErrorKind::Unsupported,
         .code = -32000,
         .message = "toBuffer only supports 0x-prefixed hex strings and this string was given: "
                    "0x[object Object]"},
        {.kind = ErrorKind::Unsupported,
         .code = -32602,
         .message =
             "invalid argument 1: json: cannot unmarshal object into Go value of type string"},

        // Bad parameters; paradigmxyz/reth#17847
        {.kind = ErrorKind::BadRequest,
         .code = -32602,
         .message = "invalid argument 0: hex string has length 3"},
        {.kind = ErrorKind::BadRequest,
         .code = -32602,
         .message = "missing value for required argument 1"},
        {.kind = ErrorKind::BadRequest, .code = -32000, .message = "intrinsic gas too high"},
        {.kind = ErrorKind::BadRequest, .code = -32602, .message = ""},
        {.kind = ErrorKind::BadRequest, .code = -32000, .message = "Invalid params"},
        {.kind = ErrorKind::BadRequest, .code = -32000, .message = "invalid argument 0"},
        {.kind = ErrorKind::BadRequest,
         .code = -32000,
         .message = "missing value for required argument 1"},
        {.kind = ErrorKind::BadRequest, .code = -32700, .message = "parse error"},
        {.kind = ErrorKind::BadRequest, .code = -32600, .message = "invalid request"},
        // made up
        {.kind = ErrorKind::BadRequest,
         .status = 403,
         .code = -32602,
         .message = "invalid argument 0"},

        // Keys
        {.kind = ErrorKind::Unauthorized, .code = -32600, .message = "Must be authenticated!"},
        {.kind = ErrorKind::Unauthorized, .code = -32600, .message = "access key is missing"},
        {.kind = ErrorKind::Unauthorized, .code = -32000, .message = "token is invalid"},
        {.kind = ErrorKind::Unauthorized, .code = -32002, .message = "invalid project id"},
        {.kind = ErrorKind::Unauthorized, .code = -32000, .message = "Unauthorized"},
        {.kind = ErrorKind::Unauthorized, .code = -32000, .message = "Invalid API key"},
        {.kind = ErrorKind::Unauthorized, .status = 401, .message = ""},
        {.kind = ErrorKind::Unauthorized, .status = 403, .message = ""},

        // Overload and the unknown: reown-com/blockchain-api#1164, erigontech/erigon#10030, #15117
        {.kind = ErrorKind::ServerFault, .code = -32000, .message = "no matched providers found"},
        {.kind = ErrorKind::ServerFault,
         .code = -32000,
         .message = "Unable to complete request at this time."},
        {.kind = ErrorKind::ServerFault, .code = -32000, .message = "No server available"},
        {.kind = ErrorKind::ServerFault,
         .code = -32000,
         .message = "The node is under too much load"},
        {.kind = ErrorKind::ServerFault, .code = -32000, .message = "root hash mismatch"},
        {.kind = ErrorKind::ServerFault, .code = -32603, .message = "Internal error"},
        {.kind = ErrorKind::ServerFault, .code = -32016, .message = ""},
        {.kind = ErrorKind::ServerFault, .status = 500, .message = ""},
        {.kind = ErrorKind::ServerFault, .status = 504, .message = ""},
    };
    return payloads;
}

bool all_recognised(const std::vector<FaultRule>& rules) {
    const auto& payloads = known_payloads();
    return std::all_of(payloads.begin(), payloads.end(), [&rules](const Payload& payload) {
        return classify_by(rules, payload.status, payload.code, payload.message, payload.data,
                           payload.method) == payload.kind;
    });
}

/// The table with two groups in each other's place.
std::vector<FaultRule> with_swapped(FaultGroup a, FaultGroup b) {
    const auto table = fault_rules();
    std::vector<FaultRule> rules(table.begin(), table.end());
    const auto rank = [a, b](const FaultRule& rule) {
        return rule.group == a ? b : rule.group == b ? a : rule.group;
    };
    std::stable_sort(rules.begin(), rules.end(),
                     [&rank](const FaultRule& x, const FaultRule& y) { return rank(x) < rank(y); });
    return rules;
}

}  // namespace

TEST_CASE("every error that endpoints were seen to send is told apart", "[evm][faults]") {
    for (const Payload& payload : known_payloads()) {
        CAPTURE(payload.status, payload.code, std::string(payload.message),
                std::string(payload.data), std::string(payload.method));
        CHECK(core::to_string(classify(payload.status, payload.code, payload.message, payload.data,
                                       payload.method)) == core::to_string(payload.kind));
    }
}

TEST_CASE("the fault table stands in the order of its groups", "[evm][faults]") {
    const auto rules = fault_rules();
    CHECK(std::is_sorted(rules.begin(), rules.end(),
                         [](const FaultRule& x, const FaultRule& y) { return x.group < y.group; }));
    CHECK(all_recognised({rules.begin(), rules.end()}));
}

TEST_CASE("no two groups of the fault table may change places", "[evm][faults]") {
    const int last = static_cast<int>(FaultGroup::Fallback);
    for (int a = 0; a <= last; ++a) {
        for (int b = a + 1; b <= last; ++b) {
            CAPTURE(a, b);
            CHECK_FALSE(all_recognised(
                with_swapped(static_cast<FaultGroup>(a), static_cast<FaultGroup>(b))));
        }
    }
}

TEST_CASE("without any one rule of the fault table an error is taken for another",
          "[evm][faults]") {
    const auto table = fault_rules();
    for (std::size_t i = 0; i < table.size(); ++i) {
        std::vector<FaultRule> others(table.begin(), table.end());
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        CAPTURE(std::string(table[i].text), std::string(table[i].method),
                table[i].status.value_or(0), table[i].code.value_or(0));
        CHECK_FALSE(all_recognised(others));
    }
}

TEST_CASE("the texts of the fault table are lower case, as the search wants them",
          "[evm][faults]") {
    for (const FaultRule& rule : fault_rules()) {
        CAPTURE(std::string(rule.text));
        CHECK(std::none_of(rule.text.begin(), rule.text.end(),
                           [](char c) { return c >= 'A' && c <= 'Z'; }));
        CHECK((rule.status || rule.code || !rule.text.empty()));
    }
}

TEST_CASE("a long error text is searched only at its beginning", "[evm][faults]") {
    const std::string padding(1 << 20, ' ');
    CHECK(classify(200, -32000, "execution reverted" + padding, "", "") == ErrorKind::Reverted);
    CHECK(classify(200, -32000, padding + "execution reverted", "", "") == ErrorKind::ServerFault);
}

}  // namespace margrave::chains::evm
