// Package federation serves /federation/{connection}: where people leave for another
// service, where they come back, and where services say that a session is over.
//
// The start is a GET that changes nothing here. The callback answers only a browser
// that holds the attempt; a form that another site posts to it (Apple's way) is
// turned into a GET first, with which browsers send that cookie. What is shown is
// package people's.
package federation
