// Validates JSON against the schemas of docs/.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";

const docs = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../docs");
const read = (file) => JSON.parse(fs.readFileSync(path.join(docs, file), "utf8"));

const ajv = new Ajv2020({ strict: false, validateFormats: false });
// They refer to one another by their ids.
for (const file of fs.readdirSync(docs).filter((name) => name.endsWith(".schema.json"))) ajv.addSchema(read(file));

export function assertValid(file, value) {
    const validate = ajv.getSchema(read(file).$id);
    assert.ok(validate(value), `${file}: ${JSON.stringify(validate.errors?.slice(0, 5), null, 2)}`);
}
