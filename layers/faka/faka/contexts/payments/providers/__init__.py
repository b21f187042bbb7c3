"""Payment providers behind one interface (`base.Adapter`).

`open_account` judges what is configured, `open_channel` gives the adapter. A channel is a data row, a secret and an
adapter; a new provider is one module here and one line in `open_channel`.

The secret of a channel is a JSON object in the secret store:

| kind | JSON | what it is |
|---|---|---|
| alipay | `{"private_key": "…"}` | the application's private key, PEM or bare base64, PKCS#1 or PKCS#8 |
| epay | `{"key": "…"}` | the shared key that the gateway prints in its merchant page |

Everything else is public and stands in the channel row: `gateway`, `account` (`{"app_id", "seller_id"}` or `{"pid"}`),
and for Alipay `public_key`.
"""
