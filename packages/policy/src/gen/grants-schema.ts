// Generated from policies/schemas/grants.schema.json by npm run policy:build. Do not edit.
export const grantsSchema = {
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Grants",
  "description": "Who holds which role: the operator's file, merged as data.directory.grants.",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "ids": {
      "description": "Grants of one workload, by its exact SPIFFE ID.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/grant_list"
      },
      "propertyNames": {
        "$ref": "#/definitions/workload_id"
      }
    },
    "path_prefixes": {
      "description": "Grants of every workload at or below a SPIFFE ID, on a segment boundary.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/grant_list"
      },
      "propertyNames": {
        "$ref": "#/definitions/workload_prefix"
      }
    },
    "trust_domains": {
      "description": "Grants of every workload of a trust domain.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/grant_list"
      },
      "propertyNames": {
        "$ref": "#/definitions/trust_domain_name"
      }
    }
  },
  "definitions": {
    "workload_id": {
      "type": "string",
      "maxLength": 2048,
      "pattern": "^spiffe://[a-z0-9._-]{1,255}(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)+$",
      "description": "a workload's SPIFFE ID with a path and a lower-case trust domain"
    },
    "workload_prefix": {
      "type": "string",
      "maxLength": 2048,
      "pattern": "^spiffe://[a-z0-9._-]{1,255}(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+){1,16}$",
      "description": "a SPIFFE ID with a path of at most 16 segments, a lower-case trust domain and no slash at the end"
    },
    "trust_domain_name": {
      "type": "string",
      "description": "the name of a trust domain, without spiffe://",
      "pattern": "^[a-z0-9._-]{1,255}$"
    },
    "grant_list": {
      "description": "Grants of one holder. One that holds is enough.",
      "type": "array",
      "minItems": 1,
      "items": {
        "$ref": "#/definitions/grant"
      }
    },
    "grant": {
      "title": "Grant",
      "description": "Roles, and the conditions that a record or referrer must meet for them. All given conditions must hold.",
      "type": "object",
      "additionalProperties": false,
      "required": [
        "roles"
      ],
      "properties": {
        "roles": {
          "description": "The roles that are granted.",
          "type": "array",
          "minItems": 1,
          "uniqueItems": true,
          "items": {
            "title": "Role",
            "description": "A role of the shipped bundle: which classes of actions it covers, policies/README.md says.",
            "type": "string",
            "enum": [
              "reader",
              "searcher",
              "publisher",
              "syncer",
              "admin"
            ]
          }
        },
        "methods": {
          "description": "The roles hold for these methods only. What a role does not cover is not granted by naming it here.",
          "type": "array",
          "minItems": 1,
          "uniqueItems": true,
          "items": {
            "type": "string",
            "description": "a method in full, as /package.Service/Method",
            "maxLength": 512,
            "pattern": "^/[A-Za-z0-9_.]+/[A-Za-z0-9_]+$"
          }
        },
        "names": {
          "description": "The record's name is one of these or lies below one, on a segment boundary. A segment {trust_domain}, {agent}, {executor}, {service}, {namespace}, {service_account} or {path.1} to {path.9} stands for that segment of the caller's own identity.",
          "type": "array",
          "minItems": 1,
          "uniqueItems": true,
          "items": {
            "type": "string",
            "description": "a name or the part of one before a slash, without a slash at either end; a placeholder such as {agent} is a whole segment, behind the first one",
            "minLength": 1,
            "maxLength": 1024,
            "pattern": "^(?!/)(?!(?:[^/]*:/*)?\\{(?!trust_domain\\}))(?:[^/{}\\n]*|\\{(?:trust_domain|agent|executor|service|namespace|service_account|path\\.[1-9])\\})(?:/(?:[^/{}\\n]*|\\{(?:trust_domain|agent|executor|service|namespace|service_account|path\\.[1-9])\\}))*(?<!/)$"
          }
        },
        "schema_versions": {
          "description": "The record's schema_version is one of these.",
          "type": "array",
          "minItems": 1,
          "uniqueItems": true,
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 64
          }
        },
        "referrer_types": {
          "description": "It is a referrer, and its type is one of these. A grant with this condition holds for no record.",
          "type": "array",
          "minItems": 1,
          "uniqueItems": true,
          "items": {
            "type": "string",
            "description": "the full name of a message type, such as agntcy.dir.sign.v1.Signature",
            "maxLength": 256,
            "pattern": "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$"
          }
        }
      }
    }
  }
} as const;
