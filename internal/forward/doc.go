// Package forward carries a replica's writes to the leader.
//
// On a replica, [RouteByMethod] decides by the method alone: GET, HEAD and OPTIONS are served by
// the node, everything else goes to a [Forwarder]. It streams the request to the leader's internal
// port and the response back, verbatim but for the session cookie's name. On the leader, that port
// is a [Server] whose [NewIntake] handler verifies the request's X-Replica-Auth header and runs it
// through the handler of the public port. Public ports are wrapped in [PublicGuard], so that only a
// replica can state who a client is. A replica's internal port ends in [RefuseLoop].
//
// A request that has arrived whole, as nearly all writes have, goes to the leader over HTTP/1.1,
// which takes the fewest steps. The same write over HTTP/2 takes about a millisecond more, because
// several goroutines on each side hand its frames to each other. A request whose body is still
// arriving goes over HTTP/2 in clear text with prior knowledge (RFC 9113, section 3.3), where both
// sides can send at the same time, and stop the other.
//
// In both cases a leader that stops names the requests that it did not begin, and those are sent
// again to its successor. Over HTTP/2 that is GOAWAY, with the last request that it processes
// (section 6.8). HTTP/1.1 has no equivalent, so a [Server] closes idle connections by the package
// drain. A write then has one of three outcomes. The leader answers it; or it certainly did not
// happen (503, after having been held and retried for a bounded time); or it is indeterminate (502,
// and it is never sent twice).
package forward
