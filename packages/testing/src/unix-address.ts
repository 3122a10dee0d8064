const UNIX = 'unix://';

/** The address of the socket at `path`, absolute: a URI, so that what is none of a URI's characters is escaped in it. */
export function unixAddress(path: string): string {
  return `${UNIX}${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The path of the socket at `address`; none where it is no `unix:///absolute/path`. @throws URIError for a broken escape */
export function unixPath(address: string): string | undefined {
  return address.startsWith(`${UNIX}/`) ? decodeURIComponent(address.slice(UNIX.length)) : undefined;
}
