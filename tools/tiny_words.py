"""The word lists from which the stories and chats of kt-tiny are made."""


def words(text):
    """Splits a list written with one entry after another; an underscore stands for a space."""
    return [word.replace("_", " ") for word in text.split()]


GIRLS = words("""
Ada Agnes Alice Amelia Angela Anita Aria Audrey Ava Beth Bonnie Camila Carla Carmen Celia Chloe Diana Doris Edith
Elena Elisa Elsa Erin Esther Eva Fatima Freya Gloria Greta Hannah Heidi Helen Holly Ines Irene Iris Isabel Jasmine Jenny
Joan Judy June Karen Laila Laura Leah Lena Linda Lola Lucia Luna Mabel Maria Marta Mary Matilda Melody Mina Miriam
Nadia Naomi Nell Nelly Nicole Nova Olga Pam Paula Pearl Petra Rachel Rita Robin Rose Roxy Ruth Sally Selma Silvia
Stella Susan Suzy Tara Thea Trudy Valerie Violet Viola Wanda Winnie Yoko Yuki Zelda Zora
Anna Bella Clara Daisy Ella Fiona Grace Hana Ivy Julia Kira Lily Mia Nora Olive Poppy Rosa Sara Tina Uma Vera Wendy
Yara Zoe Amy Bea Cora Dora Emma Flora Gina Hazel Ida Jane Kate Lucy Maya Nina Ruby Sofia Tess Willow Alma Molly Penny
""")
BOYS = words("""
Aaron Abel Albert Amir Andy Anton Archie Arthur Austin Basil Bert Bill Billy Bob Boris Brian Caleb Carlos Cedric
Charlie Chris Colin Cyril Dean Dennis Diego Dylan Edgar Edward Elmer Ernie Ethan Ezra Francis Frank Fred Gary Gavin
Gilbert Glen Gordon Hank Harold Harry Hector Howard Igor Isaac Jacob James Jason Jerome Jim Joe Joel John Jorge Joseph
Josh Julian Keith Ken Kevin Kurt Lars Leon Levi Liam Logan Louis Lucas Marco Marcus Mark Martin Matt Mike Nathan Ned
Neil Nils Oliver Omar Owen Pablo Patrick Percy Philip Ralph Ray Rex Rico Robert Roger Roman Ron Roy Samir Seth
Stefan Steve Tariq Ted Tim Timmy Tony Travis Ulf Vincent Wally Walter Wilbur Xavier Yan Zeno
Adam Ben Carl David Eli Finn George Hugo Ivan Jack Kai Leo Max Noah Oscar Peter Quinn Ravi Sam Tom Umar Victor Will
Yusuf Zack Alex Bruno Dan Emil Felix Gus Henry Ian Jonas Karl Luke Milo Nico Otto Paul Rusty Simon Theo Toby Pip
""")
ANIMALS = words("""
pelican heron moose bison buffalo alpaca llama gorilla leopard walrus weasel ferret chipmunk toad salamander turkey
peacock rooster falcon eagle sparrow finch woodpecker stork flamingo ostrich kangaroo hippo rhino antelope gazelle
chameleon gecko lobster beetle ladybug cricket grasshopper dragonfly firefly hare calf foal piglet gosling bunny
unicorn
fox rabbit bear mouse cat dog owl duck frog squirrel hedgehog deer wolf lion elephant monkey turtle pig goat sheep
horse cow hen goose swan crow robin beaver otter badger mole bat bee ant snail butterfly dragon pony donkey camel
panda koala tiger zebra giraffe penguin seal whale dolphin crab parrot pigeon lamb kitten puppy chick duckling hamster
lizard raccoon
""")
GIRL_KINDS = words("girl girl girl princess queen farmer baker painter sailor teacher doctor gardener singer dancer pilot")
BOY_KINDS = words("boy boy boy prince king farmer baker painter sailor teacher shepherd fisherman gardener pilot blacksmith")
HELPER_KINDS = words("fox rabbit bear mouse cat dog owl duck frog squirrel hedgehog deer turtle pony otter beaver robin crow")
TRAITS = words("""
bold calm wise grumpy lucky merry jolly nervous sweet patient helpful noisy thoughtful cautious fearless humble
dreamy sleepless stubborn cheeky graceful loyal tidy messy eager joyful old fluffy
little small young kind brave clever shy quiet happy funny curious gentle cheerful friendly lonely lazy proud hungry
playful polite careful honest busy sleepy tiny strong quick silly
""")
HOMES = words("""
hut mansion desert jungle mill harbor island harbor_town fishing_village tree_house tent inn fortress burrow windmill
forest village valley garden farm castle cottage meadow cave town cabin city palace lighthouse barn
""")
PLACES = words("""
museum zoo farm vineyard waterfall cliff canyon swamp lagoon fountain square station theater stable forge shop
bookshop toy_shop post_office town_hall church pier dock hill_top rose_garden greenhouse quarry
river lake hill park market beach garden pond field meadow bridge school well orchard library mill harbor stream
playground bakery tower mountain island windmill
""")
TOYS = words("""
robot top yo-yo teddy_bear rocking_horse sled wagon train trumpet violin guitar telescope compass lantern candle
feather shell pebble marble coin medal ladder shovel brush pen notebook painting vase teapot kettle plate fork
pillow glove mitten boot sock jacket sweater backpack purse suitcase horn rattle pinwheel
ball kite doll drum flute boat book hat scarf lamp ring key basket bell whistle map box bag cup blanket coat button
ribbon necklace mirror spoon umbrella balloon pencil crown clock puppet
""")
FOODS = words("""
pretzel waffle scone biscuit melon mango lemon coconut radish turnip onion pepper mushroom omelet dumpling roll bun
apple pear cake pie carrot cookie sandwich banana muffin plum peach pancake cherry pumpkin potato tomato cucumber
""")
MANY_FOODS = words("""
raspberries blueberries oranges lemons melons mangos dates figs chestnuts walnuts hazelnuts radishes tomatoes
potatoes mushrooms waffles dumplings pretzels
apples pears berries nuts carrots cookies sandwiches bananas muffins plums peaches pancakes cherries grapes beans
strawberries
""")
DISHES = words("tomato_soup mushroom_soup onion_soup fruit_salad potato_salad cheese_bread apple_cake peach_pie corn_bread lemon_cake plum_jam rice_pudding apple_pie carrot_cake pumpkin_soup berry_jam honey_bread cherry_pie vegetable_soup banana_bread plum_cake")
PLANTS = words("marigold orchid poppy violet peony pear_tree plum_tree cactus fern melon pepper iris sunflower rose tulip pumpkin daisy bean tomato lemon_tree apple_tree cherry_tree lily strawberry")
COLORS = words("turquoise violet crimson scarlet beige red blue green yellow white black brown purple orange pink golden silver gray")
WEATHER = words("stormy misty frosty hot chilly mild sunny warm cold windy rainy bright cloudy snowy quiet foggy fine cool")
TIMES = words("morning afternoon evening day")
FEELINGS = words("joyful relieved content excited happy proud glad thankful pleased cheerful")
SKILLS = words("knit sew draw fish skip surf ski write play_chess swim sing dance paint read cook skate juggle whistle climb")
INSTRUMENTS = words("cello banjo accordion fiddle horn flute drum violin guitar trumpet piano harp")
GAMES = words("dominoes hopscotch marbles catch checkers hide_and_seek tag chess football cards jump_rope")
VALUABLES = words("rubies emeralds diamonds medals rings necklaces coins pearls shells feathers stones marbles gems buttons")

NUMBERS = words("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty
""")
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("January February March April May June July August September October November December")

# thing -> color, of things that have one color
THING_COLORS = dict(pair.split(":") for pair in words("""
a_polar_fox:white a_raven:black a_lime:green a_cucumber:green a_pea:green broccoli:green a_ruby:red an_emerald:green
silver:gray butter:yellow corn:yellow honey:golden
the_sky:blue grass:green snow:white the_sun:yellow a_banana:yellow a_carrot:orange coal:black milk:white blood:red
a_lemon:yellow the_sea:blue a_leaf:green a_strawberry:red a_frog:green an_elephant:gray a_crow:black a_swan:white
a_pumpkin:orange a_cherry:red chocolate:brown a_flamingo:pink salt:white the_night:black a_cucumber:green a_tomato:red
a_fire_truck:red a_polar_bear:white a_plum:purple gold:yellow sand:yellow a_cloud:white a_fox:orange
"""))
OPPOSITES = dict(pair.split(":") for pair in words("""
buy:sell ask:answer remember:forget arrive:leave friend:enemy noisy:silent tight:loose alive:dead many:few
more:less summer:winter north:south east:west morning:evening ugly:beautiful cheap:expensive
hot:cold big:small tall:short fast:slow happy:sad day:night up:down left:right open:closed new:old young:old
hard:soft wet:dry full:empty light:dark good:bad early:late loud:quiet strong:weak rich:poor clean:dirty near:far
high:low first:last front:back inside:outside begin:end give:take push:pull laugh:cry love:hate win:lose true:false
black:white long:short thick:thin heavy:light deep:shallow wide:narrow sweet:sour safe:dangerous easy:difficult
brave:afraid kind:mean rough:smooth sharp:dull asleep:awake above:below before:after always:never
"""))
SOUNDS = dict(pair.split(":") for pair in words("""
dog:woof cat:meow cow:moo sheep:baa duck:quack pig:oink horse:neigh frog:ribbit owl:hoot lion:roar bee:buzz
hen:cluck crow:caw mouse:squeak snake:hiss wolf:howl chick:peep goose:honk donkey:hee-haw
"""))
ANIMAL_HOMES = dict(pair.split(":") for pair in words("""
crab:on_the_beach bat:in_a_cave lizard:on_warm_stones sparrow:in_a_nest snake:in_the_grass mouse:in_a_hole
elephant:in_the_grassland panda:in_a_bamboo_forest koala:in_a_gum_tree seal:in_the_cold_sea otter:in_the_river
bird:in_a_nest bee:in_a_hive fish:in_the_water fox:in_a_den rabbit:in_a_burrow bear:in_a_cave horse:in_a_stable
cow:in_a_barn dog:in_a_kennel spider:in_a_web frog:in_a_pond whale:in_the_sea camel:in_the_desert owl:in_a_tree
squirrel:in_a_tree penguin:on_the_ice lion:in_the_grassland monkey:in_the_jungle ant:under_the_ground mole:under_the_ground
duck:on_a_pond wolf:in_the_forest deer:in_the_forest beaver:in_a_lodge hen:in_a_coop goat:in_the_mountains
"""))
BABIES = dict(pair.split(":") for pair in words("""
dog:puppy cat:kitten cow:calf sheep:lamb duck:duckling hen:chick horse:foal bear:cub lion:cub goat:kid pig:piglet
frog:tadpole goose:gosling deer:fawn swan:cygnet kangaroo:joey
"""))
DIETS = dict(pair.split(":") for pair in words("""
rabbit:carrots_and_grass cow:grass monkey:bananas squirrel:nuts bear:honey_and_berries panda:bamboo cat:fish_and_mice
mouse:cheese_and_seeds horse:hay_and_apples bird:seeds_and_worms frog:flies koala:leaves owl:mice seal:fish lion:meat
bee:nectar sheep:grass caterpillar:leaves penguin:fish wolf:meat
"""))
LEGS = dict(pair.split(":") for pair in words("""
dog:four cat:four bird:two spider:eight bee:six ant:six horse:four snake:no fish:no hen:two butterfly:six duck:two
crab:ten person:two cow:four octopus:no
"""))
TOOLS = dict(pair.split(":") for pair in words("""
fork:eat pan:fry_eggs pot:cook_soup thermometer:measure_heat ruler:measure_length scale:measure_weight
candle:make_light anchor:hold_a_ship compass:find_north drum:make_music net:catch_fish plow:turn_the_soil
spoon:eat_soup knife:cut_bread pencil:write_and_draw broom:sweep_the_floor hammer:hit_nails umbrella:stay_dry_in_the_rain
clock:tell_the_time key:open_a_lock lamp:make_light bed:sleep chair:sit scissors:cut_paper brush:paint
soap:wash_our_hands towel:dry_ourselves needle:sew boat:cross_the_water oven:bake_bread saw:cut_wood ladder:climb_up
telescope:look_at_the_stars map:find_the_way camera:take_pictures shovel:dig phone:talk_to_people_far_away
book:read_and_learn bicycle:ride_to_places cup:drink bucket:carry_water rope:tie_things_together mirror:see_ourselves
"""))
JOBS = dict(pair.split(":") for pair in words("""
chef:cooks_meals dentist:takes_care_of_teeth nurse:helps_sick_people judge:decides_in_court soldier:protects_a_country
plumber:repairs_pipes mechanic:repairs_cars butcher:sells_meat barber:cuts_hair scientist:makes_experiments
architect:plans_houses driver:drives_cars waiter:serves_food reporter:writes_the_news vet:helps_sick_animals
baker:bakes_bread farmer:grows_food doctor:helps_sick_people teacher:teaches_children pilot:flies_planes
sailor:sails_ships painter:paints_pictures gardener:takes_care_of_plants shepherd:looks_after_sheep tailor:makes_clothes
carpenter:makes_things_of_wood blacksmith:makes_things_of_iron singer:sings_songs writer:writes_books cook:makes_food
fisherman:catches_fish firefighter:puts_out_fires miner:digs_for_stones builder:builds_houses dancer:dances
librarian:looks_after_books postman:brings_letters astronaut:travels_in_space
"""))
CAPITALS = dict(pair.split(":") for pair in words("""
Belgium:Brussels Hungary:Budapest Denmark:Copenhagen Switzerland:Bern Romania:Bucharest Bulgaria:Sofia Chile:Santiago
Argentina:Buenos_Aires Thailand:Bangkok Vietnam:Hanoi Iran:Tehran Iraq:Baghdad Mexico:Mexico_City Iceland:Reykjavik
Scotland:Edinburgh Croatia:Zagreb Serbia:Belgrade Ukraine:Kyiv
France:Paris Italy:Rome Spain:Madrid Germany:Berlin Japan:Tokyo China:Beijing Egypt:Cairo Greece:Athens
Portugal:Lisbon Austria:Vienna Norway:Oslo Sweden:Stockholm Finland:Helsinki Poland:Warsaw Russia:Moscow
Turkey:Ankara India:New_Delhi Canada:Ottawa Kenya:Nairobi Peru:Lima Cuba:Havana Ireland:Dublin England:London
"""))
KINDS_OF_THINGS = {
    "an animal": words("fox rabbit bear horse cow lion frog"),
    "a fruit": words("apple banana pear cherry plum lemon peach"),
    "a vegetable": words("carrot potato cucumber onion cabbage"),
    "a color": words("red blue green yellow purple"),
    "a flower": words("rose tulip daisy sunflower lily"),
    "a tool": words("hammer saw shovel needle broom"),
    "a bird": words("owl duck crow robin swan parrot penguin"),
    "an insect": words("bee ant butterfly fly"),
    "a toy": words("ball kite doll puppet balloon"),
}
ODD_WORDS = words("""
algorithm quantum politics economy network protein mathematics philosophy grammar government keyboard database
satellite volcano electricity chemistry football vaccine currency theorem parliament battery elevator gasoline tax rocket
microscope novel poem sculpture tunnel factory hospital airport highway language alphabet century empire army election
table engine paper window number purple seven stone quickly under music winter cloud machine answer river rather
electric history banana carpet question train letter sugar pocket planet yesterday metal orange sister travel computer
""")
