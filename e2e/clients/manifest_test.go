package clients

// manifest is what the clients are declared as; $NAME is replaced.
const manifest = `
scopes:
  - {name: "things:read", description: Read your things}
  - {name: "tools:use", description: Use the tools}
resources:
  - {identifier: https://things.example.test, name: Things, scopes: ["things:read"], access_token_format: jwt, verifiers: [machine]}
  - {identifier: $MCP/mcp, name: Tools, scopes: ["tools:use"], access_token_format: jwt}
users:
  - {email: node@example.test, name: Nora Node, password: $PASSWORD, email_verified: true}
  - {email: web@example.test, name: Wanda Web, password: $PASSWORD, email_verified: true}
  - {email: go@example.test, name: Gustav Go, password: $PASSWORD, email_verified: true}
  - {email: apache@example.test, name: Amelia Apache, password: $PASSWORD, email_verified: true}
  - {email: page@example.test, name: Pia Page, password: $PASSWORD, email_verified: true}
  - {email: tool@example.test, name: Tom Tool, password: $PASSWORD, email_verified: true}
clients:
  - client_id: node
    client_name: A Node app
    client_secret: $SECRET
    grant_types: [authorization_code, refresh_token]
    redirect_uris: [$OPENID_CLIENT/callback]
    post_logout_redirect_uris: [$OPENID_CLIENT/bye]
    scope: openid profile email offline_access things:read
    resources: [https://things.example.test]
  - client_id: node-hybrid
    client_name: A Node app of the old kind
    client_secret: $SECRET
    token_endpoint_auth_method: client_secret_post
    grant_types: [authorization_code, implicit]
    response_types: [code, id_token, "code id_token"]
    redirect_uris: [$OPENID_CLIENT/callback]
    id_token_signed_response_alg: PS256
    scope: openid profile email
  - client_id: node-signed
    client_name: A Node app that signs
    token_endpoint_auth_method: private_key_jwt
    grant_types: [authorization_code, refresh_token, client_credentials]
    redirect_uris: [$OPENID_CLIENT/callback]
    request_object_signing_alg: ES256
    require_signed_request_object: true
    userinfo_signed_response_alg: ES256
    id_token_signed_response_alg: ES256
    first_party: true
    jwks: $JWKS
    scope: openid profile email things:read
    resources: [https://things.example.test]
  - client_id: node-bank
    client_name: A Node app under FAPI 2.0
    profile: fapi2
    token_endpoint_auth_method: private_key_jwt
    grant_types: [authorization_code, refresh_token, client_credentials]
    redirect_uris: [$OPENID_CLIENT/callback]
    jwks: $JWKS
    scope: openid profile email offline_access things:read
    resources: [https://things.example.test]
  - client_id: machine
    client_name: A machine
    client_secret: $SECRET
    token_endpoint_auth_method: client_secret_post
    grant_types: [client_credentials]
    scope: things:read
    resources: [https://things.example.test]
  - client_id: television
    client_name: A television
    application_type: native
    token_endpoint_auth_method: none
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]
    scope: openid profile email offline_access
  - client_id: web
    client_name: A web app
    token_endpoint_auth_method: private_key_jwt
    grant_types: [authorization_code, refresh_token, client_credentials]
    redirect_uris: [$OAUTH4WEBAPI/callback]
    post_logout_redirect_uris: [$OAUTH4WEBAPI/bye]
    userinfo_signed_response_alg: EdDSA
    id_token_signed_response_alg: EdDSA
    jwks: $JWKS
    scope: openid profile email offline_access things:read
    resources: [https://things.example.test]
  - client_id: web-public
    client_name: A public app
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token]
    redirect_uris: [$OAUTH4WEBAPI/callback]
    dpop_bound_access_tokens: true
    require_pushed_authorization_requests: true
    scope: openid email offline_access things:read
    resources: [https://things.example.test]
  - client_id: go
    client_name: A Go app
    client_secret: $SECRET
    grant_types: [authorization_code, refresh_token, client_credentials]
    redirect_uris: [$GO/callback]
    post_logout_redirect_uris: [$GO/bye]
    backchannel_logout_uri: $GO/backchannel
    scope: openid profile email offline_access things:read
    resources: [https://things.example.test]
  - client_id: apache
    client_name: A web server
    client_secret: $SECRET
    grant_types: [authorization_code, refresh_token]
    redirect_uris: [$APACHE/query/back]
    post_logout_redirect_uris: [$APACHE/bye]
    backchannel_logout_uri: $APACHE/query/back?logout=backchannel
    backchannel_logout_session_required: true
    scope: openid profile email
  - client_id: apache-hybrid
    client_name: A web server of the old kind
    token_endpoint_auth_method: private_key_jwt
    grant_types: [authorization_code, refresh_token, implicit]
    response_types: [code, "code id_token"]
    redirect_uris: [$POSTED/posted/back]
    post_logout_redirect_uris: [$POSTED/bye]
    backchannel_logout_uri: $POSTED/posted/back?logout=backchannel
    jwks: $JWKS
    assertion_audiences: [$ISSUER/oauth2/token]
    scope: openid profile email
  - client_id: page
    client_name: A page
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token]
    redirect_uris: [$BROWSER/]
    post_logout_redirect_uris: [$BROWSER/bye]
    origins: [$BROWSER]
    scope: openid profile email offline_access
`
