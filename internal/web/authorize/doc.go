// Package authorize answers /oauth2/authorize: it reads what a browser brings,
// asks package internal/authorize what is next, and sends the browser there, be it
// one of our own pages or back to the app.
//
//	GET  ?client_id=…     a request, or a request_uri
//	POST                  the same as a form; kept, and brought again by a link,
//	                      because a form of another site comes without our cookies
//	GET  ?flow=HANDLE     after a page of ours did its part
//
// An answer goes back with 303, as a form that sends itself (form_post), or as a
// page that leads on at once: a browser that has just sent a form of ours holds
// each redirect that follows to the policy of that form's page, which knows no app
// (SE-41). Whether an answer may be given at all is decided in the flow.
package authorize
