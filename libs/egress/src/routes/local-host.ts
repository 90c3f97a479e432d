/** The name under which egress itself answers; never a route, never resolved. */
export const localHost = '_egress.local';
