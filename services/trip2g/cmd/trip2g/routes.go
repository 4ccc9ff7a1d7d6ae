package main

import trip2ghttp "trip2g/services/trip2g/http"

// routes gives what every node, leader or replica, has under /_system/ beside the API and files. A
// replica answers the GETs of it from its own memory; what is no GET is forwarded before it comes here.
func (n *node) routes() []trip2ghttp.Route {
	return []trip2ghttp.Route{}
}
