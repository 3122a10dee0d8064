/** What of a spire-server a suite decides. Durations as SPIRE writes them: `20s`, `2m`. */
export interface ServerConfig {
  readonly trustDomain: string;
  readonly caTtl: string;
  readonly x509SvidTtl: string;
  readonly jwtSvidTtl: string;
  /** For a downstream server: the SPIRE server above it, and the socket of the agent that vouches for this one. */
  readonly upstream?: { readonly port: number; readonly workloadApiSocket: string };
}

/** server.conf. An agent's own SVID outlives whatever a suite does to its workloads'. */
export function serverConfig(
  config: ServerConfig,
  { folder, port, socket }: { folder: string; port: number; socket: string },
): string {
  const upstream =
    config.upstream &&
    `UpstreamAuthority "spire" { plugin_data {
    server_address = "127.0.0.1"
    server_port = ${config.upstream.port}
    workload_api_socket = "${config.upstream.workloadApiSocket}"
  } }`;
  return `server {
  bind_address = "127.0.0.1"
  bind_port = ${port}
  socket_path = "${socket}"
  trust_domain = "${config.trustDomain}"
  data_dir = "${folder}"
  log_level = "DEBUG"
  ca_ttl = "${config.caTtl}"
  agent_ttl = "1h"
  default_x509_svid_ttl = "${config.x509SvidTtl}"
  default_jwt_svid_ttl = "${config.jwtSvidTtl}"
  experimental { cache_reload_interval = "1s" }
}
plugins {
  DataStore "sql" { plugin_data {
    database_type = "sqlite3"
    connection_string = "${folder}/datastore.sqlite3"
  } }
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
  ${upstream ?? ''}
}
`;
}

/** agent.conf. With its keys on disk, an agent that was killed can come back: a join token is good for one attestation. */
export function agentConfig(options: {
  folder: string;
  trustDomain: string;
  serverPort: number;
  socket: string;
  joinToken: string;
}): string {
  return `agent {
  data_dir = "${options.folder}"
  log_level = "DEBUG"
  server_address = "127.0.0.1"
  server_port = ${options.serverPort}
  socket_path = "${options.socket}"
  trust_domain = "${options.trustDomain}"
  insecure_bootstrap = true
  join_token = "${options.joinToken}"
  experimental { sync_interval = "1s" }
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "disk" { plugin_data { directory = "${options.folder}" } }
  WorkloadAttestor "unix" { plugin_data {} }
}
`;
}
