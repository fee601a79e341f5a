"""Date-range transactions: every movement of the balance as Seller Central's payments page shows it.

Amazon refuses to make one on request (`Request for report type 1202 is not allowed at this time`;
amzn/selling-partner-api-models#2036): a person makes it in Seller Central, or has it made every day or month. The API then
lists it like a settlement. Names of columns such as `store` are those of Seller Central's help (G200989190).

A quoted CSV below some lines of free text of which one names the currency. The header is in the language of the
marketplace or of whoever downloaded it; the same goes for the words in it and for the date, whose zone is the
downloader's. The AU header and its columns `Transaction status` (Released or Deferred) and
`Transaction Release Date` are those of a real file (github.com/rahuldabola/portone-recon); a deferred row names the
settlement that it is not in yet. Names in other languages are collected from what public programs look for in real files
of Germany, France, Italy, Spain, Mexico, Brazil, the Netherlands, Sweden, Poland, Turkey and Japan. Files of Brazil, the
Netherlands, Sweden and Poland have the tax of all of a row in one column, `sales_tax_collected`. Rows have no identifier,
and equal rows exist.
"""

from __future__ import annotations

from tieout.reports.family import (
    FILE_CURRENCY,
    Column,
    Family,
    Format,
    Obtained,
    Personal,
    Scope,
    instant,
    money,
    personal,
    text,
    whole,
)


def amount(name: str, *spelled: str, required: bool = False) -> Column:
    return money(name, *spelled, currency=FILE_CURRENCY, required=required)


COLUMNS = (
    instant(
        "posted", "date/time", "date/heure", "datum/uhrzeit", "datum/zeit", "data/ora", "fecha/hora", "fecha y hora",
        "datum/tijd", "datum/tid", "data/godzina", "data/hora", "tarih/saat", "日付/時間", "日付/時刻", required=True,
    ),
    text(
        "settlement_id", "abrechnungsnummer", "abrechnungs-id", "numéro de versement", "identifiant du paiement",
        "numero pagamento", "identificativo del pagamento", "identificador de pago", "id. de liquidación",
        "id de liquidação", "schikkings-id", "reglerings-id", "identyfikator rozliczenia", "hesap kesim no", "決済番号",
        "決済id",
    ),
    text("type", "typ", "tipo", "tip", "トランザクションの種類", "タイプ", required=True),
    text(
        "order_id", "bestellnummer", "numéro de la commande", "numéro commande", "numero ordine", "id ordine",
        "número de pedido", "id. del pedido", "id do pedido", "bestelnummer", "beställnings-id",
        "identyfikator zamówienia", "sipariş no.", "注文番号", "注文id",
    ),
    text("sku"),
    text(
        "description", "beschreibung", "descrizione", "descripción", "descrição", "beschrijving", "beskrivning",
        "opis", "açıklama", "説明",
    ),
    whole("quantity", "menge", "quantité", "quantità", "cantidad", "quantidade", "aantal", "antal", "ilość", "adet", "数量"),
    text(
        "marketplace", "verkaufsplattform", "site de vente", "place de marché", "web de amazon", "mercado", "rynek",
        "marknadsplats", "pazar yeri", "amazon 出品サービス", "マーケットプレイス", "store",
    ),
    text("account_type", "tipo de conta"),
    text(
        "fulfillment", "fulfilment", "versand", "versandart", "traitement", "expédition", "gestione", "logistica",
        "gestión logística", "cumplimiento", "atendimento", "levering", "leverans", "realizacja", "gönderim",
        "フルフィルメント", "出荷方法",
    ),
    personal(
        "order_city", Personal.ADDRESS,
        "ort der bestellung", "bestellstadt", "ville d'où provient la commande", "ville de la commande",
        "città di provenienza dell'ordine", "città dell'ordine", "ciudad de procedencia del pedido",
        "ciudad del pedido", "cidade do pedido", "plaats bestelling", "bestelling stad", "stad för beställning",
        "miejscowość zamówienia", "sipariş şehri", "市町村", "市区町村",
    ),
    personal(
        "order_state", Personal.ADDRESS,
        "bundesland", "région d'où provient la commande", "région de la commande", "état de la commande",
        "provincia di provenienza dell'ordine", "stato dell'ordine", "comunidad autónoma de procedencia del pedido",
        "estado del pedido", "estado do pedido", "staat bestelling", "status bestelling", "delstat för beställning",
        "stan zamówienia", "sipariş durumu", "都道府県",
    ),
    personal(
        "order_postal", Personal.ADDRESS,
        "postleitzahl", "code postal de la commande", "commande postale", "cap dell'ordine",
        "codice postale dell'ordine", "código postal de procedencia del pedido", "código postal del pedido",
        "postal do pedido", "postcode bestelling", "bestelling per post", "postadress för beställning", "przekaz pocztowy",
        "sipariş postası", "郵便番号", "order post code",
    ),
    text(
        "tax_collection_model", "steuererhebungsmodell", "modèle de perception des taxes",
        "modèle de collecte des taxes", "modello di riscossione delle imposte",
        "formulario de recaudación de impuestos", "modelo de recaudación de impuestos", "税金徴収型", "税金徴収モデル",
    ),
    amount(
        "product_sales", "umsätze", "produktverkäufe", "ventes de produits", "vendite", "vendite di prodotti",
        "ventas de productos", "vendas do produto", "verkoop van producten", "productverkoop",
        "försäljning av produkter", "sprzedaż produktów", "ürün satışları", "商品売上", required=True,
    ),
    amount(
        "product_sales_tax", "produktumsatzsteuer", "taxes sur la vente des produits",
        "taxe sur les ventes de produits", "imposta sulle vendite dei prodotti", "imposta sulle vendite di prodotti",
        "impuesto de ventas de productos", "商品の売上税", "商品売上税",
    ),
    amount(
        "shipping_credits", "postage credits", "gutschrift für versandkosten", "gutschriften für versandkosten",
        "versandgutschriften", "crédits d'expédition", "accrediti per le spedizioni", "crediti di spedizione",
        "abonos de envío", "créditos de envío", "créditos de remessa", "verzendtegoeden", "verzendtegoed",
        "fraktkrediter", "noty kredytowe za wysyłkę", "kargo kredileri", "配送料",
    ),
    amount(
        "shipping_credits_tax", "postage credits tax", "steuer auf versandgutschrift", "versandgutschrift-steuer",
        "taxe sur les crédits d'expédition", "imposta accrediti per le spedizioni",
        "imposta sui crediti di spedizione", "impuestos por abonos de envío", "impuesto de abono de envío",
        "配送料の税金",
    ),
    amount(
        "gift_wrap_credits", "gutschrift für geschenkverpackung", "gutschriften für geschenkverpackung",
        "geschenkverpackungsgutschriften", "crédits sur l'emballage cadeau", "crédits d'emballage cadeau",
        "accrediti per confezioni regalo", "crediti per confezione regalo", "abonos de envoltorio para regalo",
        "créditos por envoltorio de regalo", "créditos de embalagem de presente", "kredietpunten cadeauverpakking",
        "cadeauverpakking tegoed", "krediter för presentinslagning", "środki na pokrycie pakowania na prezent",
        "ギフト包装手数料", "ギフト包装クレジット",
    ),
    amount(
        "gift_wrap_credits_tax", "steuer auf geschenkverpackungsgutschriften",
        "geschenkverpackungsgutschrift-steuer", "taxes sur les crédits cadeaux",
        "taxe sur les crédits d'emballage cadeau", "imposta sui crediti confezione regalo",
        "imposta sui crediti per confezione regalo", "impuestos por abonos de envoltorio para regalo",
        "impuesto de créditos de envoltura", "ギフト包装クレジットの税金", "ギフト包装クレジット税",
    ),
    amount("regulatory_fee", "tarifa reglamentaria"),
    amount("tax_on_regulatory_fee", "impuesto sobre tarifa reglamentaria"),
    amount("amazon_points", "amazonポイントの費用"),
    amount(
        "promotional_rebates", "promotional rebate", "rabatte aus werbeaktionen", "aktionsrabatte", "werbegutschriften",
        "rabais promotionnels", "remises promotionnelles", "total des réductions", "sconti promozionali",
        "devoluciones promocionales", "descuentos promocionales", "rebajas promocionales", "descontos promocionais",
        "promotiekortingen", "kampanjrabatter", "rabaty promocyjne", "promosyon indirimleri", "プロモーション割引額",
        "プロモーションリベート",
    ),
    amount(
        "promotional_rebates_tax", "promotional rebate tax", "steuer auf aktionsrabatte", "werbegutschrift-steuer",
        "taxes sur les remises promotionnelles", "taxe sur les remises promotionnelles",
        "imposta sugli sconti promozionali", "impuestos de descuentos por promociones",
        "impuesto de reembolsos promocionales", "プロモーション割引の税金", "プロモーションリベート税",
    ),
    amount(
        "sales_tax_collected", "taxe de ventes prélevée", "imposto de vendas coletados", "geïnde omzetbelasting",
        "inkasserad moms", "pobrany podatek od sprzedaży",
    ),
    amount(
        "marketplace_facilitator_tax", "taxe marketplace facilitator", "belasting voor marketplace-facilitator",
        "skatt för marknadsplatsförmedlare", "podatek od transakcji marketplace facilitator",
    ),
    amount(
        "marketplace_withheld_tax", "einbehaltene steuer auf marketplace", "einbehaltene marktplatzsteuer",
        "taxes retenues sur le site de vente", "taxe retenue par la place de marché",
        "trattenuta iva del marketplace", "imposta trattenuta dal marketplace", "impuesto retenido en el sitio web",
        "impuesto de retenciones en la plataforma", "源泉徴収税を伴うマーケットプレイス", "マーケットプレイス徴収税",
    ),
    amount("low_value_goods", "low value goods tax"),
    amount(
        "sales_tax_liable", "total sales tax liable(gst before adjusting tcs)",
        "total sales tax liable (gst before adjusting tcs)",
    ),
    amount("tcs_cgst"),
    amount("tcs_sgst"),
    amount("tcs_igst"),
    amount("tds_section_194_o", "tds (section 194-o)"),
    amount(
        "selling_fees", "verkaufsgebühren", "frais de vente", "commissioni di vendita", "tarifas de venta",
        "tarifas de venda", "verkoopkosten", "försäljningsavgifter", "opłaty za sprzedaż", "satış ücretleri", "手数料",
        "販売手数料", required=True,
    ),
    amount(
        "fba_fees", "fulfilment by amazon fees", "fulfillment by amazon fees", "gebühren zu versand durch amazon",
        "versand durch amazon gebühren", "fba-gebühren", "frais expédié par amazon", "frais fba",
        "frais pour le service expédié par amazon", "costi del servizio logistica di amazon", "commissioni fba",
        "tariffe logistica di amazon", "tarifas de logística de amazon", "tarifas fba", "taxas fba",
        "fba-vergoedingen", "fba-kosten", "fba-avgifter", "opłaty za fba", "amazon lojistik ücretleri", "fba 手数料",
    ),
    amount(
        "other_transaction_fees", "andere transaktionsgebühren", "autres frais de transaction",
        "altri costi relativi alle transazioni", "altre commissioni di transazione",
        "tarifas de otras transacciones", "tarifas de otra transacción", "taxas de outras transações",
        "overige transactiekosten", "övriga transaktionsavgifter", "inne opłaty transakcyjne", "diğer işlem ücretleri",
        "トランザクションに関するその他の手数料",
    ),
    amount(
        "other", "andere", "sonstiges", "autre", "autres", "divers", "altro", "otro", "outro", "overige", "overig",
        "övrigt", "inne", "diğer", "その他",
    ),
    amount("total", "gesamt", "summe", "totale", "totaal", "totalt", "suma", "toplam", "合計", required=True),
    text(
        "transaction_status", "transaktionsstatus", "statut de la transaction", "stato della transazione",
        "estado de la transacción", "status da transação", "transactiestatus", "işlem durumu",
        "トランザクションのステータス",
    ),
    instant(
        "transaction_release", "transaction release date", "freigabedatum der transaktion",
        "date de sortie de la transaction", "date de délivrance de la transaction",
        "data di rilascio della transazione", "fecha de liberación de la transacción",
        "data de liberação da transação", "publicatiedatum van transactie", "transaktionens utgivningsdatum",
        "işlem çıkış tarihi", "トランザクション開始日",
    ),
)  # fmt: skip

FAMILY = Family(
    name="date_range",
    title="a date-range report of transactions",
    report_types=("GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA",),
    obtained=Obtained.LISTED,
    scope=Scope.MARKETPLACE,
    format=Format.CSV,
    dated_by="posted_day",
    columns=COLUMNS,
    # not the day or the time as written: they are in the zone of whoever downloaded the file
    key=("posted_at", "settlement_id", "type", "order_id", "sku", "description", "total"),
    repeats=True,
    recognised_by=("posted", "type", "product_sales", "selling_fees", "total"),
    filled=("posted", "total"),
)
