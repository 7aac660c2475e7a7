#include "snapshot/oracle_file.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace margrave::snapshot {
namespace {

using core::Archive;
using margin::OracleBook;
using margin::OraclePart;
using margin::OracleSource;

using Sources = std::map<core::Address, std::shared_ptr<const OracleSource>>;

Archive or_null(const std::optional<core::Timestamp>& time) {
    return time ? Archive(time->value()) : Archive();
}

Archive archive(const OraclePart& part) {
    Archive out;
    out.set("answer", part.answer);
    out.set("made_of_source", part.made_of != nullptr);
    out.set("role", part.role);
    out.set("source", part.source);
    out.set("updated_at", or_null(part.updated_at));
    return out;
}

Archive archive(const OracleSource& source) {
    Archive::Fields parameters;
    for (const auto& [name, value] : source.parameters) {
        parameters.emplace(name, Archive(value));
    }
    Archive::List parts;
    for (const OraclePart& part : source.parts) {
        parts.push_back(archive(part));
    }
    Archive out;
    out.set("address", source.address);
    out.set("answer", source.answer ? Archive(*source.answer) : Archive());
    out.set("decimals", source.decimals ? Archive(std::uint64_t{*source.decimals}) : Archive());
    out.set("description", source.description);
    out.set("kind", std::string(to_string(source.kind)));
    out.set("parameters", std::move(parameters));
    out.set("parts", std::move(parts));
    out.set("updated_at", or_null(source.updated_at));
    return out;
}

Archive archive(const std::optional<margin::Sequencer>& sequencer) {
    if (!sequencer) {
        return {};
    }
    Archive out;
    out.set("answer", sequencer->answer);
    out.set("feed", sequencer->feed);
    out.set("grace_s", sequencer->grace_s);
    out.set("started_at", sequencer->started_at.value());
    return out;
}

std::optional<core::Timestamp> time_or_null(const FileField& field) {
    return field.is_null() ? std::nullopt : std::optional(core::Timestamp(field.u64()));
}

OraclePart read_part(const FileField& field, const Sources& known) {
    field.require_only({"answer", "made_of_source", "role", "source", "updated_at"});
    OraclePart part{.role = field.at("role").text(),
                    .source = field.at("source").address(),
                    .answer = field.at("answer").u256(),
                    .updated_at = time_or_null(field.at("updated_at")),
                    .made_of = nullptr};
    if (field.at("made_of_source").flag()) {
        const auto found = known.find(part.source);
        if (found == known.end()) {
            field.at("source").refuse("no source of this address stands before");
        }
        part.made_of = found->second;
    }
    return part;
}

OracleSource read_source(const FileField& field, const Sources& known, core::Timestamp read_at) {
    field.require_only({"address", "answer", "decimals", "description", "kind", "parameters",
                        "parts", "updated_at"});
    constexpr std::uint64_t kDecimalsMax = 255;
    const FileField kind = field.at("kind");
    const auto known_kind = margin::parse_oracle_kind(kind.text());
    if (!known_kind) {
        kind.refuse("this margrave does not know \"" + core::printable(kind.text()) + '"');
    }
    OracleSource source;
    source.address = field.at("address").address();
    source.kind = *known_kind;
    source.description = field.at("description").text();
    if (const FileField decimals = field.at("decimals"); !decimals.is_null()) {
        if (decimals.u64() > kDecimalsMax) {
            decimals.refuse("should be at most 255");
        }
        source.decimals = static_cast<unsigned>(decimals.u64());
    }
    if (const FileField answer = field.at("answer"); !answer.is_null()) {
        source.answer = answer.u256();
    }
    source.updated_at = time_or_null(field.at("updated_at"));
    source.read_at = read_at;
    for (const std::string& name : field.at("parameters").names()) {
        source.parameters.emplace(name, field.at("parameters").at(name).u256());
    }
    for (const FileField& part : field.at("parts").elements()) {
        source.parts.push_back(read_part(part, known));
    }
    return source;
}

margin::Sequencer read_sequencer(const FileField& field) {
    field.require_only({"answer", "feed", "grace_s", "started_at"});
    return {.feed = field.at("feed").address(),
            .answer = field.at("answer").u256(),
            .started_at = core::Timestamp(field.at("started_at").u64()),
            .grace_s = field.at("grace_s").u64()};
}

core::Timestamp block_time(const FileField& chain, const std::vector<ChainCut>& chains) {
    const auto found = std::find_if(chains.begin(), chains.end(),
                                    [&](const ChainCut& cut) { return cut.chain == chain.text(); });
    if (found == chains.end()) {
        chain.refuse("this chain is not in \"chains\"");
    }
    return found->timestamp;
}

OracleBook read_book(const FileField& field, const std::vector<ChainCut>& chains,
                     const MakeOracle& make_oracle) {
    field.require_only({"chain", "sequencer", "sources"});
    OracleBook book;
    book.chain = field.at("chain").text();
    const core::Timestamp read_at = block_time(field.at("chain"), chains);
    if (const FileField sequencer = field.at("sequencer"); !sequencer.is_null()) {
        book.sequencer = read_sequencer(sequencer);
    }
    Sources known;
    for (const FileField& element : field.at("sources").elements()) {
        auto source = std::make_shared<const OracleSource>(read_source(element, known, read_at));
        if (!known.emplace(source->address, source).second) {
            element.at("address").refuse("this source stands in the list twice");
        }
        if (!make_oracle) {
            element.refuse("nothing here can make its model");
        }
        try {
            book.models.push_back(make_oracle(std::move(source)));
        } catch (const core::InputError& error) {
            element.refuse(error.what());
        }
    }
    return book;
}

}  // namespace

Archive archive_oracles(const std::vector<OracleBook>& books) {
    Archive::List out;
    for (const OracleBook& book : books) {
        Archive::List sources;
        for (const auto& model : book.models) {
            sources.push_back(archive(model->source()));
        }
        Archive one;
        one.set("chain", book.chain);
        one.set("sequencer", archive(book.sequencer));
        one.set("sources", std::move(sources));
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<OracleBook> read_oracles(const FileField& list, const std::vector<ChainCut>& chains,
                                     const MakeOracle& make_oracle) {
    std::vector<OracleBook> out;
    std::set<std::string> seen;
    for (const FileField& element : list.elements()) {
        out.push_back(read_book(element, chains, make_oracle));
        if (!seen.insert(out.back().chain).second) {
            element.at("chain").refuse("its book stands in the list twice");
        }
    }
    return out;
}

}  // namespace margrave::snapshot
