// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// Never deployed: an eth_call puts this code at an address of its own and asks what calls would return.
contract Prober {
    struct Call {
        address to;
        bytes data;
    }

    struct Outcome {
        bool success;
        bytes data;
    }

    /// Every call of `setup`, in order, before each of `steps` and `question`: what the question then answers. Nothing
    /// that a step or the question changes is seen by the next.
    function probe(Call[] calldata setup, Call[] calldata steps, Call calldata question)
        external
        returns (Outcome[] memory outcomes)
    {
        for (uint256 i = 0; i < setup.length; i++) _do(setup[i]);
        outcomes = new Outcome[](steps.length);
        for (uint256 i = 0; i < steps.length; i++) {
            (, bytes memory reverted) = address(this).call(abi.encodeCall(this.attempt, (steps[i], question)));
            (outcomes[i].success, outcomes[i].data) = abi.decode(reverted, (bool, bytes));
        }
    }

    /// One word of what a view returns with each of many answers of an oracle, 0 where it reverts. `setter` is the call
    /// that sets an answer, without its last argument, which is the answer.
    function sweep(Call calldata setter, uint256[] calldata answers, Call calldata view_, uint256 word)
        external
        returns (uint256[] memory values)
    {
        values = new uint256[](answers.length);
        for (uint256 i = 0; i < answers.length; i++) {
            (bool set,) = setter.to.call(bytes.concat(setter.data, bytes32(answers[i])));
            require(set, "a step failed");
            (bool success, bytes memory data) = view_.to.staticcall(view_.data);
            if (!success) continue;
            uint256 value;
            assembly {
                value := mload(add(add(data, 32), mul(word, 32)))
            }
            values[i] = value;
        }
    }

    /// Always reverts, with the question's outcome as the reason, so that nothing is kept.
    function attempt(Call calldata step, Call calldata question) external {
        _do(step);
        (bool success, bytes memory data) = question.to.call(question.data);
        bytes memory outcome = abi.encode(success, data);
        assembly {
            revert(add(outcome, 32), mload(outcome))
        }
    }

    function _do(Call calldata call) private {
        (bool success,) = call.to.call(call.data);
        require(success, "a step failed");
    }
}
