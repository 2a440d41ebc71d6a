// Package web is the frame every surface stands in: routes as data, and the
// chain that each request passes before a handler sees it.
//
//	request id -> host -> client address -> headers -> origin check
//	  -> who is it -> route's Access -> route's Limit -> handler
//	handler's error -> one adapter -> the surface's own form (page, JSON problem)
//
// Routes deny by default: the zero Access asks for a signed-in person. Handlers
// parse, call one flow, and write; they return errors and never print them.
// Detail goes to the log, the public sentence to the caller.
//
// Surfaces live beside: page (views), people (the pages), api (JSON), dev.
package web
