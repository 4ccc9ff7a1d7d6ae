// Package forward carries a replica's writes to the leader.
//
// On a replica, [Split] decides by the method alone: GET, HEAD and OPTIONS are served by the node,
// everything else goes to a [Forwarder], which streams the request to the leader's internal port
// and the response back, verbatim but for the session cookie's name. On the leader, that port is a
// [Server] whose [NewIntake] handler verifies the request's X-Replica-Auth header and runs it
// through the handler of the public port. Public ports wear [PublicGuard], so that nobody but a
// replica says who a client is, and a replica's internal port ends in [RefuseLoop].
//
// The hop between the nodes is HTTP/2 in clear text with prior knowledge (RFC 9113, section 3.3).
// A leader that stops sends GOAWAY, which names the last request it took (section 6.8): those after
// it are known not to have happened and are sent again to its successor. HTTP/1.1 cannot say that;
// a connection that closes while a request is on its way leaves its fate unknown. So a write has
// one of three ends: it is answered by the leader; it surely did not happen (503, after having been
// held and retried for a bounded time); or nobody can tell (502, and it is never sent twice).
package forward
