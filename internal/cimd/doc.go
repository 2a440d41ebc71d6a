// Package cimd is the flow that knows clients by their address: a client_id that
// is an https address names the document which describes the client (Client ID
// Metadata Documents, draft-ietf-oauth-client-id-metadata-document).
//
// The document is fetched through the one outbound client, at most 5 KiB within
// three seconds and without redirects, must be JSON, and must name its own
// address as client_id. It has no secret: the client is public, or signs with its
// keys. What it may ask for is bounded by the policy of the instance.
//
// A client that was found is kept as a row like any other, managed by its
// document: births of grants compare its version, whoever administers can see and
// disable it, and its deletion ends what was minted for it. The document is read
// again when its Cache-Control says so, within bounds; refusals are remembered
// for a while too. One fetch per address is under way at a time, and a few in all.
//
// A document that is gone or no longer valid ends the client's use at once. A
// server that does not answer lets a client that is known live on for a day.
package cimd
