#include "report/gap_advice.hpp"

namespace margrave::report {

std::string_view advice(core::ErrorKind kind) {
    using core::ErrorKind;
    // A switch without default, so that the compiler names a kind that is forgotten here.
    switch (kind) {
        case ErrorKind::Unreachable:
            return "check the endpoint's address and the network, or use another endpoint (--rpc)";
        case ErrorKind::TlsFailed:
            return "check the endpoint's certificate and this machine's clock";
        case ErrorKind::Timeout:
            return "try again, or use a faster endpoint (--rpc)";
        case ErrorKind::ServerFault:
            return "try again later, or use another endpoint (--rpc)";
        case ErrorKind::RateLimited:
            return "try again in a minute, or use an endpoint that allows more (--rpc)";
        case ErrorKind::QuotaExceeded:
            return "the endpoint's allowance is used up: use another (--rpc)";
        case ErrorKind::Unauthorized:
            return "check the endpoint's key, or use another endpoint (--rpc)";
        case ErrorKind::BadReply:
            return "the endpoint's answers cannot be used: use another (--rpc)";
        case ErrorKind::RequestTooLarge:
        case ErrorKind::ReplyTooLarge:
        case ErrorKind::OutOfGas:
        case ErrorKind::ExecutionTimeout:
            return "use an endpoint with higher limits (--rpc)";
        case ErrorKind::MissingState:
            return "choose a newer --block, or use an archive endpoint (--rpc)";
        case ErrorKind::WrongChain:
            return "the endpoint serves another chain: check --rpc and the configured chain_id";
        case ErrorKind::WrongBlock:
            return "try again; if it stays, use another endpoint (--rpc), and where the chain is "
                   "still "
                   "at block 0, have a block mined";
        case ErrorKind::NoAgreement:
            return "look at who says what, and configure one more endpoint of another operator";
        case ErrorKind::UnknownBlock:
            return "choose another --block";
        case ErrorKind::Unsupported:
            return "use an endpoint that offers what is missing (--rpc)";
        case ErrorKind::BadRequest:
            return "use another endpoint (--rpc) and report this as a defect";
        case ErrorKind::Reverted:
            return "the contract refuses to answer: look at the account by hand";
        case ErrorKind::EmptyReply:
            return "perhaps no contract stands there: check the configured address and --block, or "
                   "use another endpoint (--rpc)";
        case ErrorKind::BadData:
            return "the contract is not what was expected: check the configured address";
        case ErrorKind::NoPrice:
            return "the oracle gives no price: look at the market by hand";
        case ErrorKind::UnknownRevision:
            return "use a newer margrave, or set `behaviour` for the market in the configuration";
        case ErrorKind::NotRecorded:
            return "the recording lacks this read: record again";
        case ErrorKind::OutOfRange:
            return "the contract's own arithmetic would fail here: look at the account by hand";
    }
    throw core::InvariantError("an ErrorKind is one of the list");
}

}  // namespace margrave::report
